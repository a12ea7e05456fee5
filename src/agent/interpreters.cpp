#include "agent/interpreters.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "agent/limits.h"
#include "agent/log.h"

namespace agent {

Interpreters::Interpreters(EventLoop& loop, const Settings& settings) : loop_(loop), settings_(settings) {
  load_modules();
  restart();
}

Interpreters::~Interpreters() {
  drop_spare();
  for (auto* timer : {&restart_timer_, &spare_timer_, &overdue_timer_, &resume_timer_, &reload_timer_}) {
    loop_.cancel(*timer);
  }
  for (auto& waiting : waiting_) {
    loop_.cancel(waiting.timer);
  }
}

std::unique_ptr<ForkServer> Interpreters::start_server(const std::vector<std::string>& preload) {
  // The hooks name the server that they come from; its address is known once it is made.
  auto self = std::make_shared<ForkServer*>(nullptr);
  ForkServer::Hooks hooks;
  hooks.spare = [this, self](Spare spare) { on_spare(*self, std::move(spare)); };
  hooks.unspared = [this, self](const std::string& why) { on_unspared(*self, why); };
  hooks.ready = [this, self](std::vector<std::string> modules) {
    (*self == next_.get() ? next_preloaded_ : preloaded_) = std::move(modules);
  };
  hooks.learned = [this](const std::vector<std::string>& modules) { on_learned(modules); };
  hooks.gone = [this, self](const std::string& why) { on_gone(*self, why); };
  auto server = std::make_unique<ForkServer>(loop_, settings_, preload, std::move(hooks));
  *self = server.get();
  return server;
}

// Bare, so that an interpreter is there at once; what was learned is loaded behind its back.
void Interpreters::restart() {
  loop_.cancel(restart_timer_);
  retire(current_);
  preloaded_.clear();
  current_ = start_server({});
  spare_was_asked();  // a fork server makes its first by itself
  reload_wanted_ = !modules_.empty();
  consider_reload();
}

void Interpreters::retire(std::unique_ptr<ForkServer>& server) {
  if (server) {
    if (server->pid() > 0) {
      ::kill(server->pid(), SIGCONT);  // a stopped one would not see that it is to go
    }
    const auto now = Clock::now();
    std::erase_if(leaving_, [&](const auto& entry) { return entry.second < now; });
    leaving_[server->pid()] = now + kLeavingMax;
    retired_.push_back(std::move(server));  // it may be the caller
    loop_.defer([this] { retired_.clear(); });
  }
}

Interpreters::Ticket Interpreters::take(Taken taken) {
  if (spare_) {
    loop_.forget(spare_->socket.get());
    std::optional<Spare> spare = std::exchange(spare_, std::nullopt);
    want_spare(kSpareAfter);
    taken(std::move(spare), {});
    return 0;
  }
  const Ticket ticket = ++last_ticket_;
  const auto timer = loop_.after(kSpareWait, [this, ticket] {
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& entry) { return entry.ticket == ticket; });
    if (found != waiting_.end()) {
      const Taken late = std::move(found->taken);
      waiting_.erase(found);
      late(std::nullopt, "no interpreter was ready in time" + (why_unspared_.empty() ? "" : ": " + why_unspared_));
    }
  });
  waiting_.push_back({ticket, std::move(taken), timer});
  want_spare(Clock::duration::zero());
  return ticket;
}

void Interpreters::cancel(Ticket& ticket) {
  std::erase_if(waiting_, [&](Waiting& entry) {
    if (entry.ticket != ticket) {
      return false;
    }
    loop_.cancel(entry.timer);
    return true;
  });
  ticket = 0;
}

void Interpreters::run_began() {
  ++running_;
  loop_.cancel(reload_timer_);
  hold_reload();
}

void Interpreters::run_ended(pid_t interpreter) {
  --running_;
  if (current_ && interpreter != 0) {
    current_->run_ended(interpreter);
  }
  want_spare(Clock::duration::zero());
  if (running_ == 0) {
    resume_reload();
  }
  consider_reload();
}

// A run that begins has the processor first.
void Interpreters::hold_reload() {
  if (next_ && next_->pid() > 0) {
    ::kill(next_->pid(), SIGSTOP);
    loop_.cancel(resume_timer_);
    resume_timer_ = loop_.after(kReloadYield, [this] { resume_reload(); });
  }
}

void Interpreters::resume_reload() {
  loop_.cancel(resume_timer_);
  if (next_ && next_->pid() > 0) {
    ::kill(next_->pid(), SIGCONT);
  }
}

void Interpreters::stale() {
  drop_spare();
  retire(next_);
  restart();
}

void Interpreters::on_spare(ForkServer* from, Spare spare) {
  if (from == next_.get()) {
    drop_spare();
    retire(current_);
    current_ = std::move(next_);
    preloaded_ = std::move(next_preloaded_);
    loop_.cancel(spare_timer_);
    loop_.cancel(restart_timer_);
  } else if (from != current_.get()) {
    return;
  }
  deaths_ = 0;
  spare_asked_ = false;
  why_unspared_.clear();
  loop_.cancel(overdue_timer_);
  drop_spare();
  if (!waiting_.empty()) {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    loop_.cancel(first.timer);
    want_spare(waiting_.empty() ? Clock::duration(kSpareAfter) : Clock::duration::zero());
    first.taken(std::move(spare), {});
    return;
  }
  spare_ = std::move(spare);
  loop_.watch(spare_->socket.get(), EPOLLIN, [this](std::uint32_t) {
    drop_spare();  // it ended before it was used
    want_spare(kSpareAfter);
  });
}

void Interpreters::on_unspared(ForkServer* from, const std::string& why) {
  if (from == next_.get()) {
    retire(next_);
    return;
  }
  if (from == current_.get()) {
    why_unspared_ = why;
    spare_asked_ = false;
    loop_.cancel(overdue_timer_);
    want_spare(kSpareRetry);
  }
}

void Interpreters::on_gone(ForkServer* from, const std::string& why) {
  if (from == next_.get()) {
    log_line("the next fork server ended, the present one stays: " + why);
    modules_.clear();  // what it was to load may be what ended it
    retire(next_);
    return;
  }
  if (from != current_.get()) {
    return;
  }
  log_line("the fork server ended: " + why);
  drop_spare();
  retire(current_);
  ++deaths_;
  loop_.cancel(overdue_timer_);
  if (deaths_ >= 2) {
    fail_waiting(why);
  }
  const auto delay =
      std::min(kRestartAfterMax, deaths_ < 2 ? milliseconds(0) : milliseconds(50 << std::min(deaths_, 10)));
  restart_timer_ = loop_.after(delay, [this] { restart(); });
}

void Interpreters::fail_waiting(const std::string& why) {
  for (auto& waiting : std::exchange(waiting_, {})) {
    loop_.cancel(waiting.timer);
    waiting.taken(std::nullopt, why);
  }
}

void Interpreters::drop_spare() {
  if (spare_) {
    loop_.forget(spare_->socket.get());
    spare_.reset();
  }
}

void Interpreters::want_spare(Clock::duration delay) {
  if (spare_ || spare_asked_ || !current_) {
    return;
  }
  loop_.cancel(spare_timer_);
  const auto ask = [this] {
    spare_timer_ = 0;
    if (!spare_ && !spare_asked_ && current_) {
      current_->make_spare();
      spare_was_asked();
    }
  };
  if (delay == Clock::duration::zero()) {
    ask();
  } else {
    spare_timer_ = loop_.after(delay, ask);
  }
}

void Interpreters::spare_was_asked() {
  spare_asked_ = true;
  loop_.cancel(overdue_timer_);
  overdue_timer_ = loop_.after(kSpareOverdue, [this] {
    overdue_timer_ = 0;
    if (current_ && current_->pid() > 0) {
      ::kill(current_->pid(), SIGKILL);
    }
    on_gone(current_.get(), "it made no interpreter in time");
  });
}

void Interpreters::on_learned(const std::vector<std::string>& modules) {
  const auto merged = merge_modules(modules, modules_);
  const std::set<std::string> before(modules_.begin(), modules_.end());
  const std::set<std::string> now(merged.begin(), merged.end());
  modules_ = merged;
  if (now != before) {
    save_modules();
    reload_wanted_ = true;
    consider_reload();
  }
}

void Interpreters::consider_reload() {
  if (!reload_wanted_ || running_ > 0) {
    return;
  }
  loop_.cancel(reload_timer_);
  reload_timer_ = loop_.after(kReloadAfter, [this] {
    reload_timer_ = 0;
    if (running_ == 0 && current_) {
      reload_wanted_ = false;
      retire(next_);
      next_preloaded_.clear();
      next_ = start_server(modules_);
    }
  });
}

void Interpreters::add_known(std::set<pid_t>& pids) const {
  for (const auto* server : {current_.get(), next_.get()}) {
    if (server != nullptr && server->pid() > 0) {
      pids.insert(server->pid());
    }
  }
  for (const auto& [pid, until] : leaving_) {
    if (Clock::now() < until) {
      pids.insert(pid);
    }
  }
  if (spare_) {
    pids.insert(spare_->supervisor_pid);
  }
}

void Interpreters::wake_stopped(const ProcessTable& table) const {
  for (const pid_t pid : {fork_server_pid(), spare_ ? spare_->pid : 0, spare_ ? spare_->supervisor_pid : 0}) {
    const Process* process = pid > 0 ? table.find(pid) : nullptr;
    if (process != nullptr && process->state == 'T') {
      ::kill(pid, SIGCONT);
    }
  }
}

void Interpreters::load_modules() {
  std::ifstream file(modules_path());
  std::vector<std::string> names;
  for (std::string name; std::getline(file, name) && names.size() < kModulesMax;) {
    if (is_module_name(name)) {
      names.push_back(name);
    }
  }
  modules_ = merge_modules(names, {});
}

void Interpreters::save_modules() const {
  const std::string fresh = modules_path() + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    for (const auto& name : modules_) {
      file << name << '\n';
    }
    if (!file.flush()) {
      return;  // a full disk costs what was learned, nothing else
    }
  }
  std::rename(fresh.c_str(), modules_path().c_str());
}

}  // namespace agent

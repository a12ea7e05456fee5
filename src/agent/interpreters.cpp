#include "agent/interpreters.h"

#include <algorithm>
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
  for (auto* timer : {&restart_timer_, &spare_timer_, &reload_timer_}) {
    loop_.cancel(*timer);
  }
  for (auto& waiting : waiting_) {
    loop_.cancel(waiting.timer);
  }
}

std::unique_ptr<ForkServer> Interpreters::start_server() {
  // The hooks name the server that they come from; its address is known once it is made.
  auto self = std::make_shared<ForkServer*>(nullptr);
  ForkServer::Hooks hooks;
  hooks.spare = [this, self](Spare spare) { on_spare(*self, std::move(spare)); };
  hooks.ready = [this, self](std::vector<std::string> modules) {
    (*self == next_.get() ? next_preloaded_ : preloaded_) = std::move(modules);
  };
  hooks.learned = [this](const std::vector<std::string>& modules) { on_learned(modules); };
  hooks.gone = [this, self](const std::string& why) { on_gone(*self, why); };
  auto server = std::make_unique<ForkServer>(loop_, settings_, modules_, std::move(hooks));
  *self = server.get();
  return server;
}

void Interpreters::restart() {
  loop_.cancel(restart_timer_);
  preloaded_.clear();
  spare_asked_ = true;  // a fork server makes its first by itself
  current_ = start_server();
}

void Interpreters::retire(std::unique_ptr<ForkServer>& server) {
  if (server) {
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
      late(std::nullopt, "no interpreter was ready in time");
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
}

void Interpreters::run_ended(pid_t interpreter) {
  --running_;
  if (current_ && interpreter != 0) {
    current_->run_ended(interpreter);
  }
  want_spare(Clock::duration::zero());
  consider_reload();
}

void Interpreters::stale() {
  drop_spare();
  retire(next_);
  retire(current_);
  restart();
}

void Interpreters::on_spare(ForkServer* from, Spare spare) {
  if (from == next_.get()) {
    drop_spare();
    retire(current_);
    current_ = std::move(next_);
    preloaded_ = std::move(next_preloaded_);
    loop_.cancel(spare_timer_);
  } else if (from != current_.get()) {
    return;
  }
  deaths_ = 0;
  spare_asked_ = false;
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

void Interpreters::on_gone(ForkServer* from, const std::string& why) {
  if (from == next_.get()) {
    log_line("the next fork server ended, the present one stays: " + why);
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
  if (deaths_ >= 2) {
    modules_.clear();  // what it was to load may be what ends it
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
      spare_asked_ = true;
      current_->make_spare();
    }
  };
  if (delay == Clock::duration::zero()) {
    ask();
  } else {
    spare_timer_ = loop_.after(delay, ask);
  }
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
      next_ = start_server();
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

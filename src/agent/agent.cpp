#include "agent/agent.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>

#include "agent/limits.h"
#include "agent/log.h"

namespace agent {

Agent::Agent(Settings settings) : settings_(std::move(settings)) {}

Agent::~Agent() {
  connections_.clear();
}

std::string Agent::prepare() {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGPIPE, SIG_IGN);
  ::umask(077);
  if (::mkdir(settings_.journal_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return "The folder for journals " + settings_.journal_dir + " cannot be made: " + std::strerror(errno);
  }
  watch_signals();
  if (const std::string wrong = listen(); !wrong.empty()) {
    return wrong;
  }
  interpreters_ = std::make_unique<Interpreters>(loop_, settings_);
  const Execution::Tools tools{loop_, settings_, *interpreters_, memory_};
  Executions::Hooks hooks;
  hooks.settled = [this](const std::string& id) { on_settled(id); };
  hooks.output = [this](const std::string&) { pump_all(); };
  hooks.ended = [this](const std::string&) {
    last_request_ = last_end_ = Clock::now();
    pump_all();
  };
  hooks.kill_strays = [this] { kill_loose(); };
  executions_ = std::make_unique<Executions>(tools, std::move(hooks));
  executions_->restore();
  requests_ = std::make_unique<Requests>(tools, *executions_);
  return {};
}

std::string Agent::listen() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (settings_.socket.size() >= sizeof address.sun_path) {
    return "The socket's path " + settings_.socket + " is longer than " + std::to_string(sizeof address.sun_path - 1) +
           " bytes.";
  }
  std::memcpy(address.sun_path, settings_.socket.data(), settings_.socket.size());
  ::unlink(settings_.socket.c_str());
  listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_ || ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(settings_.socket.c_str(), 0600) != 0 || ::listen(listener_.get(), SOMAXCONN) != 0) {
    return "The socket " + settings_.socket + " cannot be made: " + std::strerror(errno);
  }
  loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
  return {};
}

void Agent::watch_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&wanted, signal);
  }
  ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
  signals_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signals(); });
}

void Agent::on_signals() {
  signalfd_siginfo signal;
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    obey(signal);
  }
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

// PID 1 sees what the code sends too; a sender outside the PID namespace has no number here.
void Agent::obey(const signalfd_siginfo& signal) {
  const bool asked_to_stop = signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT;
  if (asked_to_stop && (::getpid() != 1 || (signal.ssi_pid == 0 && signal.ssi_code == SI_USER))) {
    shut_down();
  }
}

void Agent::accept() {
  for (;;) {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      return;
    }
    if (connections_.size() >= kConnectionsMax) {
      continue;
    }
    const std::uint64_t id = ++last_connection_;
    Connection::Hooks hooks;
    hooks.request = [this, id](Connection& connection, wire::ToAgent& message) {
      last_request_ = Clock::now();
      requests_->handle(connection, id, message);
    };
    hooks.closed = [this, id] { connections_.erase(id); };
    connections_.emplace(id, std::make_unique<Connection>(loop_, std::move(socket), std::move(hooks)));
  }
}

void Agent::on_settled(const std::string& id) {
  const auto execution = executions_->find(id);
  for (const auto& waiting : requests_->take_waiting(id)) {
    const auto connection = connections_.find(waiting.connection_id);
    if (execution && connection != connections_.end()) {
      send_info(*connection->second, waiting.request, *execution);
      connection->second->pump();
    }
  }
}

void Agent::pump_all() {
  for (const auto& [id, connection] : connections_) {
    connection->pump();
  }
}

void Agent::sample() {
  loop_.after(kSampleEvery, [this] { sample(); });
  const bool any_running = executions_->running() > 0;  // also where it waits for an interpreter
  const ProcessTable table = any_running ? ProcessTable::read() : ProcessTable();
  interpreters_->wake_stopped(table);
  for (const auto& [id, execution] : executions_->all()) {
    execution->sample(table);
  }
  if (any_running || Clock::now() - last_end_ < kStraysAfter) {
    kill_loose();
  }
  if (any_running) {
    pump_all();
  } else {
    consider_idle();
  }
  if (shutting_down_) {
    finish_shut_down();
  }
}

// Processes that came to the agent because the code killed what stood between belong to no run.
void Agent::kill_loose() {
  std::set<pid_t> known;
  interpreters_->add_known(known);
  for (const auto& [id, execution] : executions_->all()) {
    if (execution->supervisor_pid() != 0) {
      known.insert(execution->supervisor_pid());
    }
  }
  kill_strays(known);
}

void Agent::consider_idle() {
  if (settings_.idle_stop.count() > 0 && !shutting_down_ && Clock::now() - last_request_ >= settings_.idle_stop) {
    log_line("idle for " + std::to_string(settings_.idle_stop.count()) + " s, stopping");
    shut_down();
  }
}

void Agent::shut_down() {
  if (shutting_down_) {
    return;
  }
  shutting_down_ = true;
  shut_down_by_ = Clock::now() + kShutdownWait;
  loop_.forget(listener_.get());
  listener_.reset();
  ::unlink(settings_.socket.c_str());
  for (const auto& [id, execution] : executions_->all()) {
    execution->end({wire::SANDBOX_STOPPED, "the sandbox was stopped"});
  }
  loop_.after(milliseconds(1), [this] { finish_shut_down(); });
}

void Agent::finish_shut_down() {
  pump_all();
  const bool flushed =
      std::all_of(connections_.begin(), connections_.end(), [](const auto& entry) { return entry.second->flushed(); });
  if ((executions_->running() == 0 && flushed) || Clock::now() >= shut_down_by_) {
    loop_.stop();
  } else {
    loop_.after(milliseconds(10), [this] { finish_shut_down(); });
  }
}

int Agent::run() {
  sample();
  loop_.run();
  return 0;
}

}  // namespace agent

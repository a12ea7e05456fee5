#pragma once

// Interpreters: keeps one interpreter ready to take code, whatever its fork server does: it ends, it is stale, it
// should be replaced by one that has more modules loaded.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/event_loop.h"
#include "agent/fork_server.h"
#include "agent/run_tree.h"
#include "agent/settings.h"

namespace agent {

class Interpreters {
 public:
  // Called once: with an interpreter, or with why there is none.
  using Taken = std::function<void(std::optional<Spare> spare, const std::string& why)>;
  using Ticket = std::uint64_t;  // 0: was called already

  Interpreters(EventLoop& loop, const Settings& settings);
  ~Interpreters();
  Interpreters(const Interpreters&) = delete;
  Interpreters& operator=(const Interpreters&) = delete;

  Ticket take(Taken taken);
  void cancel(Ticket& ticket);

  void run_began();
  void run_ended(pid_t interpreter);  // 0: it never had one
  // A spare said that the world has changed since its fork server loaded.
  void stale();

  pid_t fork_server_pid() const { return current_ ? current_->pid() : 0; }
  const std::vector<std::string>& preloaded() const { return preloaded_; }
  // Processes that may be children of the agent.
  void add_known(std::set<pid_t>& pids) const;
  // The code may have stopped what it cannot end for good.
  void wake_stopped(const ProcessTable& table) const;

 private:
  struct Waiting {
    Ticket ticket;
    Taken taken;
    EventLoop::TimerId timer;
  };

  std::unique_ptr<ForkServer> start_server(const std::vector<std::string>& preload);
  void restart();
  void retire(std::unique_ptr<ForkServer>& server);
  void on_spare(ForkServer* from, Spare spare);
  void on_unspared(ForkServer* from, const std::string& why);
  void on_gone(ForkServer* from, const std::string& why);
  void on_learned(const std::vector<std::string>& modules);
  void drop_spare();
  void want_spare(Clock::duration delay);
  void spare_was_asked();
  void hold_reload();
  void resume_reload();
  void consider_reload();
  void fail_waiting(const std::string& why);
  std::string modules_path() const { return settings_.journal_dir + "/modules"; }
  void load_modules();
  void save_modules() const;

  EventLoop& loop_;
  const Settings& settings_;
  std::unique_ptr<ForkServer> current_;
  std::unique_ptr<ForkServer> next_;  // is to replace it
  std::vector<std::unique_ptr<ForkServer>> retired_;
  std::map<pid_t, Clock::time_point> leaving_;  // those that may not have ended yet, until when: runs may be below them
  std::optional<Spare> spare_;
  bool spare_asked_ = false;
  std::string why_unspared_;
  std::deque<Waiting> waiting_;
  Ticket last_ticket_ = 0;
  std::vector<std::string> modules_;  // learned, newest first
  std::vector<std::string> preloaded_;
  std::vector<std::string> next_preloaded_;
  bool reload_wanted_ = false;
  int running_ = 0;
  int deaths_ = 0;  // of fork servers in a row that gave no spare
  EventLoop::TimerId restart_timer_ = 0;
  EventLoop::TimerId spare_timer_ = 0;
  EventLoop::TimerId overdue_timer_ = 0;
  EventLoop::TimerId resume_timer_ = 0;
  EventLoop::TimerId reload_timer_ = 0;
};

}  // namespace agent

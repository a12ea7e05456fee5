#pragma once

// ForkServer: one Python process of python/fork_server.py and the talk with it. Destroying it closes the talk, upon
// which the process exits.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "agent/control.h"
#include "agent/event_loop.h"
#include "agent/fd.h"
#include "agent/settings.h"

namespace agent {

// An interpreter that waits for code, and the supervisor above it.
struct Spare {
  Fd socket;
  Fd supervisor;
  pid_t pid = 0;
  pid_t supervisor_pid = 0;
};

class ForkServer {
 public:
  struct Hooks {
    std::function<void(Spare)> spare;
    std::function<void(std::string why)> unspared;                  // it could fork none
    std::function<void(std::vector<std::string> modules)> ready;    // what it has loaded
    std::function<void(std::vector<std::string> modules)> learned;  // what runs imported beyond that
    std::function<void(std::string why)> gone;
  };

  ForkServer(EventLoop& loop, const Settings& settings, const std::vector<std::string>& preload, Hooks hooks);
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  pid_t pid() const { return pid_; }
  void make_spare();
  void run_ended(pid_t interpreter);

 private:
  void on_control();
  void on_message(Datagram& datagram);
  void read_words();

  EventLoop& loop_;
  Hooks hooks_;
  Fd control_;
  Fd words_pipe_;
  std::string words_;  // the end of what it wrote to stderr
  pid_t pid_ = 0;
};

}  // namespace agent

#pragma once

// Agent: the composition of everything in a sandbox, its socket and its life.

#include <sys/signalfd.h>

#include <map>
#include <memory>

#include "agent/connection.h"
#include "agent/event_loop.h"
#include "agent/executions.h"
#include "agent/interpreters.h"
#include "agent/memory.h"
#include "agent/requests.h"
#include "agent/settings.h"

namespace agent {

class Agent {
 public:
  explicit Agent(Settings settings);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // What is wrong, empty when it is ready to run.
  std::string prepare();
  // Until it was told to stop or was idle for long enough. Returns the exit code.
  int run();

 private:
  std::string listen();
  void watch_signals();
  void on_signals();
  void obey(const signalfd_siginfo& signal);
  void accept();
  void on_settled(const std::string& id);
  void pump_all();
  void sample();
  void kill_loose();
  void consider_idle();
  void shut_down();
  void finish_shut_down();

  Settings settings_;
  EventLoop loop_;
  MemoryGroup memory_;
  std::unique_ptr<Interpreters> interpreters_;
  std::unique_ptr<Executions> executions_;
  std::unique_ptr<Requests> requests_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_connection_ = 0;
  Fd listener_;
  Fd signals_;
  Clock::time_point last_request_ = Clock::now();
  Clock::time_point last_end_{};  // of an execution
  Clock::time_point shut_down_by_{};
  bool shutting_down_ = false;
};

}  // namespace agent

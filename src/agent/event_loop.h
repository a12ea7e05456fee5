#pragma once

// EventLoop: epoll and timers of the agent's only thread.

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/fd.h"

namespace agent {

using Clock = std::chrono::steady_clock;

// Handlers may watch, forget and cancel anything, themselves included; what was forgotten is not called any more.
class EventLoop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;  // never 0

  EventLoop();

  // Level-triggered. `fd` stays the caller's, who forgets it before closing it.
  void watch(int fd, std::uint32_t events, Handler handler);
  void change(int fd, std::uint32_t events);
  void forget(int fd);

  TimerId after(Clock::duration delay, Task task);
  void cancel(TimerId& timer);  // sets it to 0; 0 and timers that fired are fine
  // Runs `task` when the present handler has returned.
  void defer(Task task);

  void run();
  void stop() { stopped_ = true; }

 private:
  struct Watch {
    std::uint64_t serial;
    Handler handler;
  };

  void run_due_timers();
  void run_deferred();
  int wait(epoll_event* events, int count);

  Fd epoll_;
  bool stopped_ = false;
  std::uint64_t last_serial_ = 0;
  std::unordered_map<int, std::shared_ptr<Watch>> watches_;
  std::unordered_map<std::uint64_t, int> fd_of_;
  std::multimap<Clock::time_point, std::pair<TimerId, Task>> timers_;
  std::vector<Task> deferred_;
};

}  // namespace agent

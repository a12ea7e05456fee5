#pragma once

// Pipes: the stdin, stdout and stderr of one run, at the agent's ends. Output goes straight into the journal; once it
// flows in small pieces it is gathered for some milliseconds, so that a loop of print costs few reads.

#include <functional>

#include "agent/event_loop.h"
#include "agent/fd.h"
#include "agent/input_queue.h"
#include "agent/journal.h"
#include "agent/settings.h"

namespace agent {

class Pipes {
 public:
  struct Hooks {
    std::function<std::uint64_t()> allowance;  // bytes of output that may be read now
    std::function<void()> output;              // the journal has more
    std::function<void()> drained;             // once after drain(): nothing more will come
  };
  struct TheirEnds {
    Fd in, out, error;
  };

  Pipes(EventLoop& loop, Journal& journal, InputQueue& input, Hooks hooks);
  ~Pipes();
  Pipes(const Pipes&) = delete;
  Pipes& operator=(const Pipes&) = delete;

  // Makes the pipes, owned by the code's user so that it can open /dev/stdin and its kin. False without descriptors.
  bool open(const Settings& settings, TheirEnds& theirs);

  // There is more in the input queue, or it was closed.
  void write_input();
  // What allowance() said may have changed.
  void resume();
  // Every process that wrote has ended: reads what is left, then calls drained.
  void drain();

 private:
  struct Output {
    Fd fd;
    wire::Stream stream;
    bool watched = false;
  };
  enum class ReadEnd { empty, closed, held_back, more };

  void on_output();
  void read_all();
  ReadEnd read_some(Output& output, std::size_t& bytes_read);
  void watch_outputs();
  void forget_outputs();
  void watch_input();
  void close_input();

  EventLoop& loop_;
  Journal& journal_;
  InputQueue& input_;
  Hooks hooks_;
  Fd in_;
  bool in_watched_ = false;
  Output outputs_[2];  // stdout is read first
  bool draining_ = false;
  bool held_back_ = false;
  std::size_t last_read_bytes_ = 0;
  Clock::time_point last_read_{};
  EventLoop::TimerId gather_timer_ = 0;
};

}  // namespace agent

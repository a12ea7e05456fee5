#pragma once

// Execution: one run of submitted code, from the wait for an interpreter to its end, and its journal beyond that.
//
// Starting: waits for a spare, sends it the code, waits for "started". Running: its pipes flow, its supervisor watches.
// Ending: the supervisor has reported, what was left behind is killed, the pipes are read to their end. Ended.
// The first end that is decided (a stop, a limit, the interpreter's own) is the end.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/attachment.h"
#include "agent/event_loop.h"
#include "agent/input_queue.h"
#include "agent/interpreters.h"
#include "agent/journal.h"
#include "agent/memory.h"
#include "agent/pipes.h"
#include "agent/reasons.h"
#include "agent/run_tree.h"
#include "agent/settings.h"
#include "agent/supervisor.h"

namespace agent {

class Execution {
 public:
  struct Hooks {
    std::function<void()> settled;      // it runs, or it never will
    std::function<void()> output;       // the journal has more
    std::function<void()> ended;        // after the last output
    std::function<void()> kill_strays;  // its supervisor was killed: what it held is loose
  };
  struct Tools {
    EventLoop& loop;
    const Settings& settings;
    Interpreters& interpreters;
    const MemoryGroup& memory;
  };

  Execution(Tools tools, std::unique_ptr<Journal> journal, wire::ExecutionInfo info, Hooks hooks);
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  void start(std::string code, std::chrono::milliseconds time_limit);
  // Ends it, whatever it does. Nothing happens where it ends already.
  void end(End end);
  void interrupt();  // SIGINT to the interpreter

  InputQueue::Accept input(std::uint64_t offset, std::string_view data);
  void end_input();

  // The attachment stays the caller's, who removes it before it goes.
  void add(Attachment* attachment);
  void remove(Attachment* attachment);
  // False where the attachment was not sent so much.
  bool acknowledge(Attachment& attachment, std::uint64_t offset);
  // Called now and then: looks for readers that went, for memory used, for a supervisor that was stopped.
  void sample(const ProcessTable& table);

  wire::ExecutionInfo info() const;
  const std::string& id() const { return info_.id(); }
  bool settled() const { return info_.status() != wire::STARTING; }
  bool ended() const { return ended_; }
  bool has_readers() const { return !attachments_.empty(); }
  const Journal& journal() const { return *journal_; }
  pid_t supervisor_pid() const { return supervisor_pid_; }
  std::int64_t started_unix_us() const { return info_.started_unix_us(); }
  bool may_remember(const std::string& reader) const;

 private:
  void take_interpreter();
  void hand_over(std::optional<Spare> spare, const std::string& why);
  bool send_code(const Spare& spare, const Pipes::TheirEnds& theirs);
  void on_spare_answer();
  void on_running();
  void on_supervisor();
  void on_report(const SupervisorReport& report);
  void kill_rest();
  void on_group_gone();
  void finish();
  void fail_start(const std::string& why);
  void set_wall_time(wire::ExecutionInfo& info) const;
  void let_go_of_interpreter();
  void store();
  std::uint64_t allowance();

  Tools tools_;
  std::unique_ptr<Journal> journal_;
  wire::ExecutionInfo info_;
  Hooks hooks_;
  std::string code_;
  std::chrono::milliseconds time_limit_{0};
  int tries_ = 0;
  Interpreters::Ticket ticket_ = 0;
  Spare interpreter_;
  pid_t supervisor_pid_ = 0;
  InputQueue input_;
  std::unique_ptr<Pipes> pipes_;
  std::vector<Attachment*> attachments_;
  End decided_;
  std::optional<SupervisorReport> report_;
  bool ended_ = false;
  bool unsaved_ = false;
  std::uint64_t sampled_peak_bytes_ = 0;
  std::optional<std::uint64_t> oom_kills_at_start_;
  Clock::time_point started_{};
  Clock::time_point stopped_{};  // its interpreter ended
  Clock::time_point group_wait_until_{};
  EventLoop::TimerId time_limit_timer_ = 0;
  EventLoop::TimerId start_timer_ = 0;
  EventLoop::TimerId end_timer_ = 0;
};

}  // namespace agent

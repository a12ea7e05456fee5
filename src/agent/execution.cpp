#include "agent/execution.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "agent/control.h"
#include "agent/limits.h"

namespace agent {
namespace {

constexpr int kTriesMax = 5;  // interpreters that were stale or died before they took the code
constexpr seconds kGroupWait{10};
constexpr milliseconds kKillAgain{10};

Fd code_file(const std::string& code) {
  Fd file(::memfd_create("code", MFD_CLOEXEC));
  for (std::size_t at = 0; file && at < code.size();) {
    const ssize_t bytes = ::write(file.get(), code.data() + at, code.size() - at);
    if (bytes <= 0) {
      return {};
    }
    at += static_cast<std::size_t>(bytes);
  }
  if (file) {
    ::lseek(file.get(), 0, SEEK_SET);
  }
  return file;
}

}  // namespace

Execution::Execution(Tools tools, std::unique_ptr<Journal> journal, wire::ExecutionInfo info, Hooks hooks)
    : tools_(tools), journal_(std::move(journal)), info_(std::move(info)), hooks_(std::move(hooks)) {
  ended_ = info_.status() != wire::STARTING && info_.status() != wire::RUNNING;
  if (ended_) {
    input_.close();
  }
}

Execution::~Execution() {
  let_go_of_interpreter();
  tools_.interpreters.cancel(ticket_);
  for (auto* timer : {&time_limit_timer_, &start_timer_, &end_timer_}) {
    tools_.loop.cancel(*timer);
  }
}

void Execution::start(std::string code, std::chrono::milliseconds time_limit) {
  code_ = std::move(code);
  time_limit_ = time_limit;
  oom_kills_at_start_ = tools_.memory.oom_kills();
  store();
  tools_.interpreters.run_began();
  take_interpreter();
}

void Execution::take_interpreter() {
  if (++tries_ > kTriesMax) {
    fail_start("the interpreters ended before they could run the code");
    return;
  }
  ticket_ = tools_.interpreters.take([this](std::optional<Spare> spare, const std::string& why) {
    ticket_ = 0;
    hand_over(std::move(spare), why);
  });
}

void Execution::hand_over(std::optional<Spare> spare, const std::string& why) {
  if (!spare) {
    fail_start(why);
    return;
  }
  Pipes::Hooks hooks;
  hooks.allowance = [this] { return allowance(); };
  hooks.output = hooks_.output;
  hooks.drained = [this] { finish(); };
  pipes_ = std::make_unique<Pipes>(tools_.loop, *journal_, input_, std::move(hooks));
  Pipes::TheirEnds theirs;
  if (!pipes_->open(tools_.settings, theirs)) {
    fail_start("the agent has no descriptors left");
    return;
  }
  interpreter_ = std::move(*spare);
  if (!send_code(interpreter_, theirs)) {
    let_go_of_interpreter();
    take_interpreter();
    return;
  }
  supervisor_pid_ = interpreter_.supervisor_pid;
  tools_.loop.watch(interpreter_.socket.get(), EPOLLIN, [this](std::uint32_t) { on_spare_answer(); });
  tools_.loop.watch(interpreter_.supervisor.get(), EPOLLIN, [this](std::uint32_t) { on_supervisor(); });
  start_timer_ = tools_.loop.after(kSpareWait, [this] {
    start_timer_ = 0;
    end({wire::START_FAILED, "the interpreter did not take the code"});
  });
}

bool Execution::send_code(const Spare& spare, const Pipes::TheirEnds& theirs) {
  std::string datagram = "run\nlength=" + std::to_string(code_.size()) + "\n";
  std::vector<int> descriptors{theirs.in.get(), theirs.out.get(), theirs.error.get()};
  Fd file;
  if (code_.size() <= kCodeInlineBytesMax) {
    datagram += "\n" + code_;
  } else {
    file = code_file(code_);
    if (!file) {
      return false;
    }
    descriptors.push_back(file.get());
  }
  return send_datagram(spare.socket.get(), datagram, descriptors);
}

void Execution::on_spare_answer() {
  Datagram answer;
  const Receive received = receive_datagram(interpreter_.socket.get(), answer);
  if (received == Receive::nothing) {
    return;
  }
  if (received == Receive::message && answer.text.starts_with("started")) {
    on_running();
    return;
  }
  if (decided_.status != wire::STATUS_UNSPECIFIED) {
    tools_.loop.forget(interpreter_.socket.get());  // it is being ended; the supervisor says when
    return;
  }
  const bool stale = received == Receive::message && answer.text.starts_with("stale");
  let_go_of_interpreter();
  if (stale) {
    tools_.interpreters.stale();
  }
  take_interpreter();
}

void Execution::on_running() {
  tools_.loop.forget(interpreter_.socket.get());
  interpreter_.socket.reset();
  tools_.loop.cancel(start_timer_);
  code_ = {};
  started_ = Clock::now();
  info_.set_status(wire::RUNNING);
  store();
  if (time_limit_.count() > 0) {
    time_limit_timer_ = tools_.loop.after(time_limit_, [this] {
      time_limit_timer_ = 0;
      end({wire::TIMED_OUT, time_limit_reason(time_limit_)});
    });
  }
  pipes_->write_input();
  hooks_.settled();
}

void Execution::end(End end) {
  if (ended_ || decided_.status != wire::STATUS_UNSPECIFIED || report_) {
    return;
  }
  decided_ = std::move(end);
  if (supervisor_pid_ == 0) {
    tools_.interpreters.cancel(ticket_);
    finish();
    return;
  }
  kill_descendants(supervisor_pid_);
}

void Execution::interrupt() {
  if (info_.status() == wire::RUNNING && !report_) {
    ::kill(interpreter_.pid, SIGINT);
  }
}

void Execution::on_supervisor() {
  Datagram datagram;
  switch (receive_datagram(interpreter_.supervisor.get(), datagram)) {
    case Receive::nothing:
      return;
    case Receive::message:
      if (const auto report = decode_report(datagram.text); report && !report_) {
        on_report(*report);
      }
      return;
    case Receive::closed:
      break;
  }
  tools_.loop.forget(interpreter_.supervisor.get());
  if (!report_) {  // the code has killed its supervisor
    report_ = SupervisorReport{SIGKILL, 0, 0, true};
    stopped_ = Clock::now();
    kill_descendants(supervisor_pid_);  // a process closes its sockets before its children get another parent
    hooks_.kill_strays();
    on_group_gone();
  } else if (report_->children_left) {
    on_group_gone();
  }
}

void Execution::on_report(const SupervisorReport& report) {
  if (!settled() && decided_.status == wire::STATUS_UNSPECIFIED) {
    // It may have ended right after it started: that word lies in its socket.
    on_spare_answer();
    if (!settled()) {
      return;
    }
  }
  report_ = report;
  stopped_ = Clock::now();
  if (report.children_left) {
    group_wait_until_ = Clock::now() + kGroupWait;
    kill_rest();
    return;
  }
  on_group_gone();
}

// Until the supervisor has no child and goes. What no signal can end is left to it: it goes on when its agent lets go.
void Execution::kill_rest() {
  if (Clock::now() >= group_wait_until_) {
    on_group_gone();
    return;
  }
  kill_descendants(supervisor_pid_);
  end_timer_ = tools_.loop.after(kKillAgain, [this] {
    end_timer_ = 0;
    kill_rest();
  });
}

void Execution::on_group_gone() {
  tools_.loop.cancel(end_timer_);
  if (pipes_) {
    pipes_->drain();
  }
}

void Execution::finish() {
  if (ended_) {
    return;
  }
  const pid_t interpreter = interpreter_.pid;
  const bool was_settled = settled();
  Ended facts;
  if (report_) {
    facts.wait_status = report_->wait_status;
    info_.mutable_usage()->set_cpu_us(report_->cpu_us);
    info_.mutable_usage()->set_memory_peak_bytes(std::max(report_->memory_peak_bytes, sampled_peak_bytes_));
  }
  const auto oom_kills = tools_.memory.oom_kills();
  facts.oom_kills_readable = oom_kills.has_value();
  facts.oom_kill_counted = oom_kills && *oom_kills > oom_kills_at_start_.value_or(0);
  facts.sampled_peak_bytes = sampled_peak_bytes_;
  facts.memory_bytes_max = tools_.settings.memory_bytes_max;
  set_end(info_, decided_, facts);
  set_wall_time(info_);
  ended_ = true;
  input_.close();
  tools_.loop.cancel(time_limit_timer_);
  tools_.loop.cancel(start_timer_);
  code_ = {};
  store();
  journal_->settle();
  let_go_of_interpreter();
  tools_.interpreters.run_ended(interpreter);
  // Not from within a handler of what ends here.
  tools_.loop.defer([settled = was_settled ? std::function<void()>() : hooks_.settled, ended = hooks_.ended] {
    if (settled) {
      settled();
    }
    ended();
  });
}

// Until the interpreter ended: the reader's pace is not the program's.
void Execution::set_wall_time(wire::ExecutionInfo& info) const {
  if (started_ != Clock::time_point{}) {
    const auto until = stopped_ != Clock::time_point{} ? stopped_ : Clock::now();
    info.mutable_usage()->set_wall_us(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(until - started_).count()));
  }
}

void Execution::fail_start(const std::string& why) {
  decided_ = {wire::START_FAILED, "it could not start: " + plain_words(why, kReasonBytesMax)};
  finish();
}

void Execution::let_go_of_interpreter() {
  if (interpreter_.socket) {
    tools_.loop.forget(interpreter_.socket.get());
  }
  if (interpreter_.supervisor) {
    tools_.loop.forget(interpreter_.supervisor.get());
  }
  interpreter_ = {};
  supervisor_pid_ = 0;
  tools_.loop.cancel(start_timer_);
  // The pipes may be the caller.
  if (pipes_) {
    tools_.loop.defer([pipes = std::shared_ptr<Pipes>(std::move(pipes_))]() mutable { pipes.reset(); });
  }
}

InputQueue::Accept Execution::input(std::uint64_t offset, std::string_view data) {
  const auto accepted = input_.accept(offset, data);
  if (accepted == InputQueue::Accept::fine && info_.status() == wire::RUNNING && pipes_) {
    pipes_->write_input();
  }
  unsaved_ = true;
  return accepted;
}

void Execution::end_input() {
  input_.close();
  if (info_.status() == wire::RUNNING && pipes_) {
    pipes_->write_input();
  }
}

void Execution::add(Attachment* attachment) {
  attachments_.push_back(attachment);
  attachment->look(journal_->end(), Clock::now());
}

void Execution::remove(Attachment* attachment) {
  std::erase(attachments_, attachment);
  if (unsaved_ && ended_) {
    store();
  }
  if (pipes_) {
    pipes_->resume();
  }
}

bool Execution::may_remember(const std::string& reader) const {
  return info_.readers().contains(reader) || info_.readers().size() < kReadersMax;
}

bool Execution::acknowledge(Attachment& attachment, std::uint64_t offset) {
  const auto now = Clock::now();
  const bool with_end = ended() && offset == journal_->end() + 1;
  if (!attachment.acknowledge(with_end ? offset - 1 : offset, now)) {
    return false;
  }
  attachment.look(journal_->end(), now);
  auto& remembered = (*info_.mutable_readers())[attachment.reader()];
  remembered = std::max(remembered, offset);
  unsaved_ = true;
  if (pipes_) {
    pipes_->resume();
  }
  return true;
}

std::uint64_t Execution::allowance() {
  if (attachments_.empty()) {
    return UINT64_MAX;
  }
  const auto now = Clock::now();
  for (auto* attachment : attachments_) {
    attachment->look(journal_->end(), now);
  }
  const std::uint64_t paced = read_allowance(attachments_, journal_->end(), now);
  // What is left of an ended run is at most two pipes, and its end should not wait for a slow reader.
  const std::uint64_t allowed = report_ && paced != UINT64_MAX ? kReadBytes : paced;
  if (allowed == 0 || allowed == UINT64_MAX) {
    return allowed;
  }
  return std::min<std::uint64_t>(allowed, journal_->room_from(needed_from(attachments_, now)));
}

void Execution::sample(const ProcessTable& table) {
  if (unsaved_) {
    store();
  }
  if (ended_ || supervisor_pid_ == 0) {
    return;
  }
  std::uint64_t resident = 0;
  for (const auto& process : table.descendants(supervisor_pid_)) {
    resident += process.resident_bytes;
  }
  sampled_peak_bytes_ = std::max(sampled_peak_bytes_, resident);
  const Process* supervisor = table.find(supervisor_pid_);
  if (supervisor != nullptr && supervisor->state == 'T') {
    ::kill(supervisor_pid_, SIGCONT);  // the code has stopped what watches it
  }
  if (pipes_) {
    pipes_->resume();
  }
}

wire::ExecutionInfo Execution::info() const {
  wire::ExecutionInfo info = info_;
  info.set_output_begin(journal_->begin());
  info.set_output_end(journal_->end());
  if (!ended_ || input_.end() > 0) {
    info.set_input_end(input_.end());
  }
  info.set_input_closed(input_.closed());
  if (!ended_ && started_ != Clock::time_point{}) {
    set_wall_time(info);
    info.mutable_usage()->set_memory_peak_bytes(sampled_peak_bytes_);
  }
  return info;
}

void Execution::store() {
  unsaved_ = false;
  if (!ended_ || input_.end() > 0) {
    info_.set_input_end(input_.end());
  }
  info_.set_input_closed(input_.closed());
  journal_->store(info_, oom_kills_at_start_.value_or(0));
}

}  // namespace agent

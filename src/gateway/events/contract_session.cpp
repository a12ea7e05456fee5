#include "gateway/events/contract_session.h"

#include <chrono>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/events/limits.h"
#include "gateway/events/payloads.h"

// A run is current from the moment its execute_command is accepted until its end was told or another took its place.
// Everything that awaits checks afterwards whether its run still is the current one, and says nothing where it is not.

namespace gateway::events {
namespace asio = boost::asio;

namespace {

constexpr std::string_view kReader = "contract";
constexpr std::string_view kLabelLogin = "contract_login";
constexpr std::string_view kReplaced = "replaced by a newer run";
constexpr std::string_view kBadExecute =
    R"_(execute_command takes one object with two texts, as {"command": "print(1)", "container_id": "alice"}.)_";
constexpr std::string_view kBadInput = R"_(send_stdin takes one object with a text, as {"input": "42"}.)_";

bool is_contract_run(const execution::Info& info) {
  return info.labels.contains(std::string(kLabelLogin));
}

bool end_was_told(const execution::Info& info) {
  const auto reader = info.readers.find(std::string(kReader));
  return reader != info.readers.end() && reader->second > info.output_end;
}

}  // namespace

class ContractSession::Run {
 public:
  explicit Run(std::string container_id) : container_id(std::move(container_id)), id(execution::new_execution_id()) {}

  const std::string container_id;
  std::string sandbox;  // once it is allowed
  std::string id;
  bool started = false;
  bool ends_with_newline = true;
  std::string start_cause;
  bool telling_start = false;
  bool slow_start = false;
  std::deque<std::string> input;
  std::size_t input_bytes = 0;
  bool writing = false;
  std::shared_ptr<OutputPump> pump;
};

class ContractSession::RunOutput : public OutputPump::Sink {
 public:
  RunOutput(std::shared_ptr<ContractSession> session, std::shared_ptr<Run> run)
      : session_(std::move(session)), run_(std::move(run)) {}

  void text(const Text& text, const Position&) override {
    run_->ends_with_newline = text.bytes.ends_with('\n');
    session_->emit_output(text.bytes);
  }
  void gap(std::uint64_t, std::uint64_t bytes, const Position&) override {
    session_->emit_line("[" + std::to_string(bytes) + " bytes of output were not kept]");
    run_->ends_with_newline = true;
  }

 private:
  std::shared_ptr<ContractSession> session_;
  std::shared_ptr<Run> run_;
};

ContractSession::ContractSession(std::shared_ptr<socketio::Socket> socket, std::shared_ptr<Identity> identity,
                                 std::shared_ptr<execution::ExecutionService> executions,
                                 std::shared_ptr<ContractRuns> runs)
    : socket_(std::move(socket)),
      identity_(std::move(identity)),
      executions_(std::move(executions)),
      runs_(std::move(runs)) {}

void ContractSession::begin() {
  if (!identity_->has_cookie()) return;
  resuming_ = true;
  asio::co_spawn(socket_->executor(), resume(), asio::detached);
}

void ContractSession::execute_command(const boost::json::array& arguments) {
  const auto* request = request_of(arguments);
  const auto* code = request == nullptr ? nullptr : text_of(*request, "command");
  const auto* container = request == nullptr ? nullptr : text_of(*request, "container_id");
  if (code == nullptr || container == nullptr) {
    emit_line(kBadExecute);
    emit_complete();
    return;
  }
  auto run = std::make_shared<Run>(std::string(*container));
  auto replaced = std::exchange(current_, run);
  if (replaced && replaced->pump) replaced->pump->stop();
  asio::co_spawn(socket_->executor(), execute(std::move(run), std::move(replaced), std::string(*code)), asio::detached);
}

void ContractSession::send_stdin(const boost::json::array& arguments) {
  const auto* request = request_of(arguments);
  const auto* text = request == nullptr ? nullptr : text_of(*request, "input");
  if (text == nullptr) {
    emit_line(kBadInput);
    if (!current_) emit_complete();
    return;
  }
  std::string line(*text);
  line += '\n';
  if (current_) return add_input(current_, std::move(line));
  if (resuming_ && resumed_input_.size() + line.size() <= kInputBytesMax) {
    resumed_input_ += line;
    return;
  }
  emit_line("No running command is available for input.");
  emit_complete();
}

void ContractSession::disconnected() {
  if (!current_) return;
  if (current_->pump) current_->pump->stop();
  if (current_->started) runs_->orphan(current_->sandbox, current_->id);
}

asio::awaitable<base::Result<accounts::Account>> ContractSession::authorise(std::shared_ptr<Run> run) {
  auto account = co_await identity_->account_for(run->container_id);
  if (account) run->sandbox = account->container_id;
  co_return account;
}

asio::awaitable<void> ContractSession::execute(std::shared_ptr<Run> run, std::shared_ptr<Run> replaced,
                                               std::string code) {
  const auto self = shared_from_this();
  const auto account = co_await authorise(run);
  if (!account) co_return refuse(run, account.error().message());
  co_await stop_earlier(run, replaced);
  if (!is_current(run)) co_return;
  runs_->take(run->id);
  execution::StartRequest request{.id = run->id,
                                  .code = std::move(code),
                                  .labels = {{std::string(kLabelLogin), identity_->login_name()}},
                                  .reader = std::string(kReader)};
  auto started = co_await executions_->start(run->sandbox, std::move(request), progress_of(run));
  if (!started) {
    runs_->release(run->id);
    co_return refuse(run, started.error().message());
  }
  if (!is_current(run)) {
    co_await executions_->stop(run->sandbox, run->id, std::string(kReplaced));
    runs_->release(run->id);
    co_return;
  }
  socket_->emit("command_started", {});
  adopt(run);
  co_await carry_output(run, std::move(started->watch), Position{});
}

asio::awaitable<void> ContractSession::stop_earlier(std::shared_ptr<Run> run, std::shared_ptr<Run> replaced) {
  const auto self = shared_from_this();
  if (replaced && replaced->started) {
    co_await executions_->stop(replaced->sandbox, replaced->id, std::string(kReplaced));
    runs_->release(replaced->id);
  }
  if (!runs_->must_look(run->sandbox)) co_return;
  const auto infos = co_await executions_->list(run->sandbox);
  if (!infos) co_return;
  for (const auto& info : *infos) {
    if (!is_contract_run(info) || execution::is_end(info.status) || runs_->has_socket(info.id)) continue;
    co_await executions_->stop(run->sandbox, info.id, std::string(kReplaced));
  }
  runs_->looked(run->sandbox);
}

void ContractSession::adopt(const std::shared_ptr<Run>& run) {
  run->started = true;
  if (!socket_->connected()) runs_->orphan(run->sandbox, run->id);
  if (!run->input.empty() && !run->writing) {
    run->writing = true;
    asio::co_spawn(socket_->executor(), write_input(run), asio::detached);
  }
}

asio::awaitable<void> ContractSession::carry_output(std::shared_ptr<Run> run, std::unique_ptr<execution::Watch> watch,
                                                    Position from) {
  const auto self = shared_from_this();
  if (!socket_->connected() || !is_current(run)) co_return;
  const auto pump = std::make_shared<OutputPump>(socket_, std::move(watch), from);
  run->pump = pump;
  const auto info = co_await pump->run(std::make_shared<RunOutput>(self, run));
  run->pump = nullptr;
  if (!info || !is_current(run)) co_return;
  if (info->status != execution::Status::exited) {
    if (!run->ends_with_newline) emit_output("\n");
    emit_line(info->reason);
  }
  complete(run);
  co_await pump->acknowledge_end(info->output_end);
}

asio::awaitable<void> ContractSession::resume() {
  const auto self = shared_from_this();
  std::shared_ptr<Run> run;
  Position from;
  const auto account = co_await identity_->login_account();
  if (account) {
    const auto infos = co_await executions_->list(account->container_id);
    const execution::Info* newest = nullptr;
    if (infos) {
      for (const auto& info : *infos) {
        const auto label = info.labels.find(std::string(kLabelLogin));
        const bool is_mine = label != info.labels.end() && label->second == identity_->login_name();
        if (!is_mine || end_was_told(info) || info.reason == kReplaced || runs_->has_socket(info.id)) continue;
        if (newest == nullptr || info.started_unix_us > newest->started_unix_us) newest = &info;
      }
    }
    if (newest != nullptr && !current_ && runs_->take(newest->id)) {
      run = std::make_shared<Run>(account->container_id);
      run->sandbox = account->container_id;
      run->id = newest->id;
      const auto reader = newest->readers.find(std::string(kReader));
      const std::uint64_t shown = reader == newest->readers.end() ? 0 : reader->second;
      from = Position{shown, shown};
      current_ = run;
    }
  }
  resuming_ = false;
  std::string held = std::exchange(resumed_input_, {});
  if (!run) {
    if (held.empty()) co_return;
    if (current_) {
      add_input(current_, std::move(held));
    } else {
      emit_line("No running command is available for input.");
      emit_complete();
    }
    co_return;
  }
  if (!held.empty()) add_input(run, std::move(held));
  adopt(run);
  auto watch = co_await executions_->watch(run->sandbox, run->id, from.least(), std::string(kReader));
  if (!watch) co_return refuse(run, watch.error().message());
  co_await carry_output(run, std::move(*watch), from);
}

void ContractSession::add_input(const std::shared_ptr<Run>& run, std::string text) {
  if (run->input_bytes + text.size() > kInputBytesMax) {
    emit_line("The input was not taken: " + std::to_string(kInputBytesMax >> 20) +
              " MiB wait for the program already, and it does not read them.");
    return;
  }
  run->input_bytes += text.size();
  run->input.push_back(std::move(text));
  if (!run->started || run->writing) return;
  run->writing = true;
  asio::co_spawn(socket_->executor(), write_input(run), asio::detached);
}

asio::awaitable<void> ContractSession::write_input(std::shared_ptr<Run> run) {
  const auto self = shared_from_this();
  while (!run->input.empty()) {
    std::string text = std::move(run->input.front());
    run->input.pop_front();
    run->input_bytes -= text.size();
    const auto written = co_await executions_->input(run->sandbox, run->id, std::move(text), std::nullopt);
    if (!written && is_current(run)) emit_line(written.error().message());
  }
  run->writing = false;
}

sandbox::Progress ContractSession::progress_of(const std::shared_ptr<Run>& run) {
  return [weak = weak_from_this(), executor = socket_->executor(), run](std::string_view cause) {
    asio::post(executor, [weak, run, cause = std::string(cause)]() mutable {
      if (const auto self = weak.lock()) self->say_start_cause(run, std::move(cause));
    });
  };
}

void ContractSession::say_start_cause(const std::shared_ptr<Run>& run, std::string cause) {
  if (!is_current(run) || run->started || cause == run->start_cause) return;
  run->start_cause = std::move(cause);
  if (run->slow_start) return emit_line("Starting your sandbox: " + run->start_cause);
  if (run->telling_start) return;
  run->telling_start = true;
  asio::co_spawn(socket_->executor(), tell_start(run), asio::detached);
}

asio::awaitable<void> ContractSession::tell_start(std::shared_ptr<Run> run) {
  const auto self = shared_from_this();
  asio::steady_timer timer(socket_->executor(), kSilentStart);
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  if (!is_current(run) || run->started) co_return;
  run->slow_start = true;
  emit_line("Starting your sandbox: " + run->start_cause);
}

void ContractSession::refuse(const std::shared_ptr<Run>& run, const std::string& why) {
  if (!is_current(run)) return;
  emit_line(why);
  complete(run);
}

void ContractSession::complete(const std::shared_ptr<Run>& run) {
  runs_->release(run->id);
  current_ = nullptr;
  emit_complete();
}

void ContractSession::emit_output(std::string_view bytes) {
  socket_->emit_json("command_output", contract_output(bytes));
}

void ContractSession::emit_line(std::string_view sentence) {
  emit_output(std::string(sentence) + "\n");
}

void ContractSession::emit_complete() {
  socket_->emit("command_complete", {});
}

}  // namespace gateway::events

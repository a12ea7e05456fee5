#include "execution/execution_service.h"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "execution/limits.h"
#include "execution/sandbox_links.h"
#include "execution/watch.h"
#include "execution/wire_values.h"

namespace execution {
namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kAppend = ~std::uint64_t{0};

base::Result<void> check_id(const std::string& id) {
  const bool is_good =
      id.size() >= kIdCharactersMin && id.size() <= kIdCharactersMax &&
      std::all_of(id.begin(), id.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (is_good) return {};
  return base::fail(Errc::invalid, "An execution's id has 8 to 32 characters of a-z and 0-9.");
}

base::Result<void> check_code(const std::string& code) {
  if (code.size() <= sandbox::kCodeBytesMax) return {};
  return base::fail(Errc::too_large, "The code has " + std::to_string(code.size()) + " bytes; at most " +
                                         std::to_string(sandbox::kCodeBytesMax) +
                                         " (10 MiB) can be run. Put data in a file.");
}

// Whether what was asked may be asked again where the connection was lost before the answer.
enum class IfLost { ask_again, fail };

class LinkedExecutionService final : public ExecutionService {
 public:
  explicit LinkedExecutionService(std::shared_ptr<SandboxLinks> links) : links_(std::move(links)) {}

  asio::awaitable<base::Result<Started>> start(std::string sandbox, StartRequest request,
                                               sandbox::Progress progress) override {
    if (const auto good = check_id(request.id); !good) co_return good.error();
    if (const auto good = check_code(request.code); !good) co_return good.error();
    wire::ToAgent message;
    message.mutable_start()->set_id(request.id);
    message.mutable_start()->set_code(std::move(request.code));
    message.mutable_start()->mutable_labels()->insert(request.labels.begin(), request.labels.end());
    base::Error failure;
    for (int attempt = 0; attempt < kLostAttempts; ++attempt) {
      const auto link = co_await links_->get(sandbox, IfStopped::start_it, progress);
      if (!link) co_return error_of(link.error());
      auto attached = co_await (*link)->start(message, request.reader, kStartDeadline);
      if (attached) co_return started(std::move(sandbox), std::move(request.reader), std::move(*attached));
      failure = attached.error();
      if (!is_lost(failure)) break;
    }
    co_return error_of(failure);
  }

  asio::awaitable<base::Result<std::unique_ptr<Watch>>> watch(std::string sandbox, std::string id, std::uint64_t from,
                                                              std::string reader) override {
    if (const auto good = check_id(id); !good) co_return good.error();
    co_return co_await make_watch(links_, std::move(sandbox), std::move(id), from, std::move(reader));
  }

  asio::awaitable<base::Result<std::uint64_t>> input(std::string sandbox, std::string id, std::string data,
                                                     std::optional<std::uint64_t> offset) override {
    if (data.size() > sandbox::kInputBytesMax) {
      co_return base::fail(Errc::input_full, "The input has " + std::to_string(data.size()) +
                                                 " bytes; at most 32 MiB can wait for the program. Send it in parts.");
    }
    wire::ToAgent message;
    message.mutable_input()->set_id(id);
    message.mutable_input()->set_data(std::move(data));
    message.mutable_input()->set_offset(offset.value_or(kAppend));
    // What is appended twice is read twice.
    const IfLost if_lost = offset ? IfLost::ask_again : IfLost::fail;
    const auto info = co_await ask(std::move(sandbox), std::move(id), std::move(message), if_lost);
    if (!info) co_return info.error();
    co_return info->input_end;
  }

  asio::awaitable<base::Result<void>> end_input(std::string sandbox, std::string id) override {
    wire::ToAgent message;
    message.mutable_end_input()->set_id(id);
    const auto info = co_await ask(std::move(sandbox), std::move(id), std::move(message), IfLost::ask_again);
    if (!info) co_return info.error();
    co_return base::Result<void>();
  }

  asio::awaitable<base::Result<Info>> stop(std::string sandbox, std::string id, std::string reason) override {
    wire::ToAgent message;
    message.mutable_stop()->set_id(id);
    message.mutable_stop()->set_reason(std::move(reason));
    return ask(std::move(sandbox), std::move(id), std::move(message), IfLost::ask_again);
  }

  asio::awaitable<base::Result<Info>> interrupt(std::string sandbox, std::string id) override {
    wire::ToAgent message;
    message.mutable_interrupt()->set_id(id);
    return ask(std::move(sandbox), std::move(id), std::move(message), IfLost::fail);
  }

  asio::awaitable<base::Result<std::vector<Info>>> list(std::string sandbox) override {
    wire::ToAgent message;
    message.mutable_list();
    std::vector<Info> infos;
    const auto answer = co_await call(std::move(sandbox), std::move(message), IfLost::ask_again);
    if (!answer && answer.error().code == Errc::not_found) co_return infos;
    if (!answer) co_return answer.error();
    for (const auto& execution : answer->executions().execution()) infos.push_back(info_of(execution));
    co_return infos;
  }

  asio::awaitable<base::Result<void>> prepare(std::string sandbox, sandbox::Progress progress) override {
    const auto link = co_await links_->get(std::move(sandbox), IfStopped::start_it, std::move(progress));
    if (!link) co_return error_of(link.error());
    co_return base::Result<void>();
  }

 private:
  base::Result<Started> started(std::string sandbox, std::string reader, sandbox::AgentLink::Attached attached) {
    Started started;
    started.info = info_of(attached.info);
    if (started.info.status == Status::start_failed) {
      return base::fail(Errc::sandbox_unavailable, "The run did not start: " + started.info.reason);
    }
    started.watch = make_watch(links_, std::move(sandbox), std::move(reader), std::move(attached));
    return started;
  }

  // For requests whose answer is the execution's info.
  asio::awaitable<base::Result<Info>> ask(std::string sandbox, std::string id, wire::ToAgent message, IfLost if_lost) {
    if (const auto good = check_id(id); !good) co_return good.error();
    const auto answer = co_await call(std::move(sandbox), std::move(message), if_lost);
    if (!answer) co_return answer.error();
    co_return info_of(answer->info());
  }

  // In a sandbox that runs; starts none.
  asio::awaitable<base::Result<wire::FromAgent>> call(std::string sandbox, wire::ToAgent message, IfLost if_lost) {
    base::Error failure;
    const int attempts = if_lost == IfLost::ask_again ? kLostAttempts : 1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      const auto link = co_await links_->get(sandbox, IfStopped::fail, {});
      if (!link) co_return is_stopped(link.error()) ? not_running() : error_of(link.error());
      auto answer = co_await (*link)->call(message, kCallDeadline);
      if (answer) co_return std::move(*answer);
      failure = answer.error();
      if (!is_lost(failure)) break;
    }
    co_return error_of(failure);
  }

  std::shared_ptr<SandboxLinks> links_;
};

}  // namespace

std::shared_ptr<ExecutionService> make_execution_service(std::vector<asio::any_io_executor> executors,
                                                         std::shared_ptr<sandbox::Spawner> spawner,
                                                         const sandbox::Limits& limits) {
  return std::make_shared<LinkedExecutionService>(
      std::make_shared<SandboxLinks>(std::move(executors), std::move(spawner), limits));
}

std::string new_execution_id() {
  static constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  for (int i = 0; i < 16; ++i) id += kCharacters[randombytes_uniform(static_cast<std::uint32_t>(kCharacters.size()))];
  return id;
}

}  // namespace execution

#include "agent/requests.h"

#include <unistd.h>

#include "agent/build.h"
#include "agent/limits.h"

namespace agent {
namespace {

constexpr std::uint32_t kVersion = 1;

void send_pong(Connection& connection, std::uint64_t request) {
  wire::FromAgent answer;
  answer.set_request(request);
  answer.mutable_pong();
  connection.send(answer);
}

// What is wrong with it; empty where nothing is.
std::string check(const wire::Start& start) {
  if (!is_execution_id(start.id())) {
    return "An execution's id has 1 to " + std::to_string(kIdBytesMax) + " characters of a-z, A-Z, 0-9, '-' and '_'.";
  }
  bool fine = start.labels().size() <= kLabelsMax;
  for (const auto& [name, value] : start.labels()) {
    fine = fine && name.size() <= kLabelBytesMax && value.size() <= kLabelBytesMax;
  }
  return fine ? ""
              : "At most " + std::to_string(kLabelsMax) + " labels of at most " + std::to_string(kLabelBytesMax) +
                    " bytes are kept with an execution.";
}

std::string check(const wire::Attach& attach, const Execution& execution) {
  if (attach.reader().empty() || attach.reader().size() > kReaderBytesMax) {
    return "A reader's name has 1 to " + std::to_string(kReaderBytesMax) + " bytes.";
  }
  if (!execution.may_remember(attach.reader())) {
    return "At most " + std::to_string(kReadersMax) + " readers can be told apart; take a name that was used before.";
  }
  if (attach.window() == 0) {
    return "A window of 0 bytes would never show anything.";
  }
  if (attach.from() > execution.journal().end()) {
    return "The execution has " + std::to_string(execution.journal().end()) +
           " bytes of output so far; it cannot be read from " + std::to_string(attach.from()) + ".";
  }
  return "";
}

}  // namespace

void send_info(Connection& connection, std::uint64_t request, const Execution& execution) {
  wire::FromAgent answer;
  answer.set_request(request);
  *answer.mutable_info() = execution.info();
  connection.send(answer);
}

void Requests::handle(Connection& connection, std::uint64_t connection_id, wire::ToAgent& message) {
  const std::uint64_t request = message.request();
  if (!connection.greeted && message.body_case() != wire::ToAgent::kHello) {
    connection.fail(request, wire::Failure::BAD_REQUEST, "The first message must be hello.");
    return;
  }
  switch (message.body_case()) {
    case wire::ToAgent::kHello: {
      connection.greeted = true;
      wire::FromAgent answer;
      answer.set_request(request);
      answer.mutable_hello()->set_version(kVersion);
      answer.mutable_hello()->set_build(kBuild);
      connection.send(answer);
      return;
    }
    case wire::ToAgent::kStart:
      start(connection, connection_id, message);
      return;
    case wire::ToAgent::kAttach:
      attach(connection, message);
      return;
    case wire::ToAgent::kDetach:
      connection.detach(message.detach().attachment());
      send_pong(connection, request);
      return;
    case wire::ToAgent::kAcknowledge:
      if (!connection.acknowledge(message.acknowledge().attachment(), message.acknowledge().offset())) {
        connection.fail(request, wire::Failure::BAD_REQUEST, "More was acknowledged than was sent.");
      }
      return;
    case wire::ToAgent::kInput:
      input(connection, message);
      return;
    case wire::ToAgent::kEndInput:
      if (const auto execution = find(connection, request, message.end_input().id())) {
        execution->end_input();
        send_info(connection, request, *execution);
      }
      return;
    case wire::ToAgent::kStop:
      if (const auto execution = find(connection, request, message.stop().id())) {
        const std::string reason = message.stop().reason().substr(0, kReasonBytesMax);
        execution->end({wire::STOPPED, reason.empty() ? "stopped by you" : reason});
        send_info(connection, request, *execution);
      }
      return;
    case wire::ToAgent::kInterrupt:
      if (const auto execution = find(connection, request, message.interrupt().id())) {
        execution->interrupt();
        send_info(connection, request, *execution);
      }
      return;
    case wire::ToAgent::kList:
      list(connection, request);
      return;
    case wire::ToAgent::kPing:
      send_pong(connection, request);
      return;
    case wire::ToAgent::kGetStatus:
      status(connection, request);
      return;
    case wire::ToAgent::BODY_NOT_SET:
      break;
  }
  connection.fail(request, wire::Failure::BAD_REQUEST, "This agent does not know that request.");
}

std::shared_ptr<Execution> Requests::find(Connection& connection, std::uint64_t request, const std::string& id) {
  auto execution = executions_.find(id);
  if (!execution) {
    connection.fail(request, wire::Failure::NO_SUCH_EXECUTION, "There is no such execution here (any more).");
  }
  return execution;
}

void Requests::start(Connection& connection, std::uint64_t connection_id, wire::ToAgent& message) {
  const std::uint64_t request = message.request();
  const wire::Start& start = message.start();
  auto execution = executions_.find(start.id());
  if (!execution) {
    if (const std::string wrong = check(start); !wrong.empty()) {
      connection.fail(request, wire::Failure::BAD_REQUEST, wrong);
      return;
    }
    if (start.code().size() > kCodeBytesMax) {
      connection.fail(request, wire::Failure::TOO_LARGE,
                      "The code has " + std::to_string(start.code().size()) + " bytes; at most 10 MiB are run.");
      return;
    }
    if (executions_.running() >= kExecutionsRunningMax) {
      connection.fail(request, wire::Failure::TOO_MANY,
                      "There are " + std::to_string(kExecutionsRunningMax) +
                          " executions running in this sandbox, which is its limit; stop one first.");
      return;
    }
    execution = executions_.start(start);
    if (!execution) {
      connection.fail(request, wire::Failure::TOO_MANY, "The sandbox has no memory left for another execution.");
      return;
    }
  }
  if (execution->settled()) {
    send_info(connection, request, *execution);
  } else {
    waiting_[start.id()].push_back({connection_id, request});
  }
}

std::vector<Requests::Waiting> Requests::take_waiting(const std::string& id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) {
    return {};
  }
  auto waiting = std::move(found->second);
  waiting_.erase(found);
  return waiting;
}

void Requests::attach(Connection& connection, const wire::ToAgent& message) {
  const std::uint64_t request = message.request();
  const wire::Attach& attach = message.attach();
  const auto execution = find(connection, request, attach.id());
  if (!execution) {
    return;
  }
  std::string wrong = check(attach, *execution);
  if (wrong.empty() && connection.attachments() >= kAttachmentsMax) {
    wrong = "A connection has at most " + std::to_string(kAttachmentsMax) + " attachments.";
  }
  if (!wrong.empty()) {
    connection.fail(request, wire::Failure::BAD_REQUEST, wrong);
    return;
  }
  const wire::ExecutionInfo before = execution->info();
  if (!connection.attach(request, execution, Attachment(attach.from(), attach.window(), attach.reader()))) {
    connection.fail(request, wire::Failure::BAD_REQUEST, "That request number names an attachment already.");
    return;
  }
  wire::FromAgent answer;
  answer.set_request(request);
  *answer.mutable_info() = before;
  connection.send(answer);
}

void Requests::input(Connection& connection, const wire::ToAgent& message) {
  const std::uint64_t request = message.request();
  const wire::Input& input = message.input();
  const auto execution = find(connection, request, input.id());
  if (!execution) {
    return;
  }
  switch (execution->input(input.offset(), input.data())) {
    case InputQueue::Accept::fine:
      send_info(connection, request, *execution);
      return;
    case InputQueue::Accept::gap:
      connection.fail(request, wire::Failure::BAD_REQUEST,
                      "Input is missing before offset " + std::to_string(input.offset()) + "; " +
                          std::to_string(execution->info().input_end()) + " bytes were accepted so far.");
      return;
    case InputQueue::Accept::full:
      connection.fail(request, wire::Failure::INPUT_FULL, "The program does not read its input; 32 MiB are waiting.");
      return;
    case InputQueue::Accept::closed:
      connection.fail(request, wire::Failure::INPUT_CLOSED,
                      execution->ended() ? "The execution has ended." : "The end of its input was sent already.");
      return;
  }
}

void Requests::list(Connection& connection, std::uint64_t request) {
  wire::FromAgent answer;
  answer.set_request(request);
  auto* executions = answer.mutable_executions();
  for (const auto& [id, execution] : executions_.all()) {
    *executions->add_execution() = execution->info();
  }
  connection.send(answer);
}

void Requests::status(Connection& connection, std::uint64_t request) {
  wire::FromAgent answer;
  answer.set_request(request);
  auto* status = answer.mutable_status();
  status->set_memory_bytes(tools_.memory.used_bytes().value_or(0));
  status->set_memory_max_bytes(tools_.settings.memory_bytes_max);
  status->set_processes(static_cast<std::uint32_t>(ProcessTable::read().descendants(::getpid()).size() + 1));
  status->set_agent_memory_bytes(resident_bytes(::getpid()));
  status->set_fork_server_memory_bytes(proportional_bytes(tools_.interpreters.fork_server_pid()));
  for (const auto& name : tools_.interpreters.preloaded()) {
    status->add_preloaded(name);
  }
  connection.send(answer);
}

}  // namespace agent

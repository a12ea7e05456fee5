#pragma once

// What a FakeAgent answers and sends. Included by agent_fake.h.

#include "sandbox/agent_fake.h"

namespace sandbox {

inline void FakeAgent::handle(Connection& connection, const wire::ToAgent& message) {
  const Body body = message.body_case();
  ++requests[body];
  if (body == Body::kAcknowledge) return acknowledge(connection, message.acknowledge());
  wire::FromAgent reply;
  reply.set_request(message.request());
  answer(connection, message, reply);
  if (hangs_up_after.erase(body) > 0) return connection.close();
  if (!ignored.contains(body)) wire::append_frame(connection.outbox, reply);
}

inline void FakeAgent::answer(Connection& connection, const wire::ToAgent& message, wire::FromAgent& reply) {
  if (const auto failure = fails.find(message.body_case()); failure != fails.end()) {
    *reply.mutable_failure() = failure->second;
    return;
  }
  if (message.has_start()) start(message.start());
  const std::string id = id_of(message);
  if (!id.empty() && !runs.contains(id)) {
    reply.mutable_failure()->set_code(wire::Failure::NO_SUCH_EXECUTION);
    reply.mutable_failure()->set_message("There is no such execution here (any more).");
    return;
  }
  switch (message.body_case()) {
    case Body::kHello:
      reply.mutable_hello()->set_version(version);
      return;
    case Body::kAttach: {
      const auto& attach = message.attach();
      connection.watchings[message.request()] = {id, attach.reader(), attach.from(), attach.from(), attach.window()};
      break;
    }
    case Body::kInput:
      accept_input(runs.at(id), message.input());
      break;
    case Body::kEndInput:
      runs.at(id).info.set_input_closed(true);
      break;
    case Body::kStop:
      end(id, wire::STOPPED, message.stop().reason());
      break;
    case Body::kInterrupt:
      print(id, "KeyboardInterrupt\n", wire::STDERR);
      break;
    case Body::kList:
      reply.mutable_executions();
      for (const auto& [name, run] : runs) *reply.mutable_executions()->add_execution() = run.info;
      return;
    case Body::kDetach:
      connection.watchings.erase(message.detach().attachment());
      reply.mutable_pong();
      return;
    case Body::kPing:
      reply.mutable_pong();
      return;
    default:
      break;
  }
  if (!id.empty()) *reply.mutable_info() = runs.at(id).info;
}

inline std::string FakeAgent::id_of(const wire::ToAgent& message) {
  switch (message.body_case()) {
    case Body::kStart:
      return message.start().id();
    case Body::kAttach:
      return message.attach().id();
    case Body::kInput:
      return message.input().id();
    case Body::kEndInput:
      return message.end_input().id();
    case Body::kStop:
      return message.stop().id();
    case Body::kInterrupt:
      return message.interrupt().id();
    default:
      return {};
  }
}

inline void FakeAgent::start(const wire::Start& start) {
  if (runs.contains(start.id())) return;
  ++starts;
  Run& run = runs[start.id()];
  run.code = start.code();
  run.info.set_id(start.id());
  run.info.set_status(wire::RUNNING);
  *run.info.mutable_labels() = start.labels();
  if (program) program(start.id());
}

inline void FakeAgent::accept_input(Run& run, const wire::Input& input) {
  const std::uint64_t end = run.input.size();
  const std::uint64_t offset = std::min<std::uint64_t>(input.offset(), end);
  run.input += input.data().substr(std::min<std::size_t>(end - offset, input.data().size()));
  run.info.set_input_end(run.input.size());
}

inline void FakeAgent::acknowledge(Connection& connection, const wire::Acknowledge& message) {
  const auto watching = connection.watchings.find(message.attachment());
  if (watching == connection.watchings.end()) return;
  watching->second.acknowledged = std::max(watching->second.acknowledged, message.offset());
  auto& remembered = (*runs.at(watching->second.id).info.mutable_readers())[watching->second.reader];
  remembered = std::max(remembered, message.offset());
}

inline void FakeAgent::send_output(Connection& connection) {
  for (auto& [request, watching] : connection.watchings) {
    if (!watching.is_over) send_output(connection, request, watching);
  }
}

inline void FakeAgent::send_output(Connection& connection, std::uint64_t request, Watching& watching) {
  const Run& run = runs.at(watching.id);
  wire::FromAgent message;
  message.set_request(request);
  if (watching.next < run.info.output_begin()) {
    message.mutable_gap()->set_offset(watching.next);
    message.mutable_gap()->set_bytes(run.info.output_begin() - watching.next);
    watching.next = run.info.output_begin();
    wire::append_frame(connection.outbox, message);
  }
  const std::uint64_t credit_end = watching.acknowledged + watching.window;
  while (connection.outbox.size() < outbox_bytes_max && watching.next < std::min(credit_end, run.info.output_end())) {
    const auto after = run.pieces.upper_bound(watching.next);
    const std::uint64_t piece_end = after == run.pieces.end() ? run.output.size() : after->first;
    const std::uint64_t end = std::min({piece_end, credit_end, watching.next + frame_bytes_max});
    const std::string_view data = std::string_view(run.output).substr(watching.next, end - watching.next);
    connection.outbox += wire::OutputHead(request, watching.next, std::prev(after)->second, data.size()).bytes();
    connection.outbox += data;
    watching.next = end;
    ahead_max = std::max(ahead_max, watching.next - std::min(watching.next, watching.acknowledged));
  }
  const bool has_ended = run.info.status() >= wire::EXITED;
  if (has_ended && watching.next >= run.info.output_end()) {
    *message.mutable_ended() = run.info;
    watching.is_over = true;
    wire::append_frame(connection.outbox, message);
  }
}

}  // namespace sandbox

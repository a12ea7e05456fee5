#include "gateway/events/execution_session.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "gateway/events/limits.h"
#include "gateway/events/payloads.h"

namespace gateway::events {
namespace asio = boost::asio;
namespace json = boost::json;

namespace {

class ExecutionOutput : public OutputPump::Sink {
 public:
  ExecutionOutput(std::shared_ptr<socketio::Socket> socket, std::string id)
      : socket_(std::move(socket)), id_(std::move(id)) {}

  void text(const Text& text, const Position& next) override {
    socket_->emit_json("execution_output", output_payload(id_, text, next));
  }
  void gap(std::uint64_t offset, std::uint64_t bytes, const Position& next) override {
    socket_->emit_json("execution_gap", gap_payload(id_, offset, bytes, next));
  }

 private:
  std::shared_ptr<socketio::Socket> socket_;
  std::string id_;
};

json::object success_with(const execution::Info& info) {
  return success({{"execution", to_json(info)}});
}

json::object answer_of(const base::Result<execution::Info>& result) {
  return result ? success_with(*result) : failure(result.error());
}

}  // namespace

ExecutionSession::ExecutionSession(std::shared_ptr<socketio::Socket> socket, std::shared_ptr<Identity> identity,
                                   std::shared_ptr<execution::ExecutionService> executions)
    : socket_(std::move(socket)), identity_(std::move(identity)), executions_(std::move(executions)) {}

void ExecutionSession::listen() {
  on("execution_start", Id::optional, &ExecutionSession::start);
  on("execution_attach", Id::required, &ExecutionSession::attach);
  on("execution_detach", Id::required, &ExecutionSession::detach);
  on("execution_ack", Id::required, &ExecutionSession::acknowledge);
  on("execution_input", Id::required, &ExecutionSession::input);
  on("execution_end_input", Id::required, &ExecutionSession::end_input);
  on("execution_interrupt", Id::required, &ExecutionSession::interrupt);
  on("execution_stop", Id::required, &ExecutionSession::stop);
  on("execution_list", Id::none, &ExecutionSession::list);
}

void ExecutionSession::disconnected() {
  for (const auto& [id, pump] : pumps_) {
    if (pump) pump->stop();
  }
  pumps_.clear();
}

void ExecutionSession::on(std::string event, Id id, Handler handler) {
  socket_->on(std::move(event),
              [weak = weak_from_this(), id, handler](const json::array& arguments, socketio::Acknowledge answer) {
                const auto self = weak.lock();
                if (!self) return;
                json::object fields;
                if (const auto* request = request_of(arguments)) {
                  fields = *request;
                } else if (!arguments.empty() || id != Id::none) {
                  answer({failure("invalid", "The request takes one object as its argument.")});
                  return;
                }
                asio::co_spawn(self->socket_->executor(),
                               self->serve(id, handler, std::move(fields), std::move(answer)), asio::detached);
              });
}

asio::awaitable<void> ExecutionSession::serve(Id id, Handler handler, json::object fields,
                                              socketio::Acknowledge answer) {
  const auto self = shared_from_this();
  const auto* execution_id = text_of(fields, "execution_id");
  if (execution_id == nullptr && (id == Id::required || fields.contains("execution_id"))) {
    co_return answer({failure("invalid", "\"execution_id\" must be a text.")});
  }
  std::optional<std::string> container;
  if (const auto* named = text_of(fields, "container_id")) container = std::string(*named);
  const auto account = co_await identity_->account_for(std::move(container));
  if (!account) co_return answer({failure("unauthorized", account.error().message())});
  Request request{.sandbox = account->container_id,
                  .id = execution_id == nullptr ? "" : std::string(*execution_id),
                  .fields = std::move(fields),
                  .answer = std::move(answer)};
  co_await (this->*handler)(std::move(request));
}

asio::awaitable<void> ExecutionSession::start(Request request) {
  const auto* code = text_of(request.fields, "code");
  if (code == nullptr) co_return request.answer({failure("invalid", "\"code\" must be a text: the Python program.")});
  const std::string id = request.id.empty() ? execution::new_execution_id() : request.id;
  if (pumps_.size() >= kAttachmentsMax) {
    co_return request.answer(
        {failure("too_many", "This connection watches as many executions as it may: detach one.")});
  }
  execution::StartRequest what{.id = id, .code = std::string(*code), .labels = {}, .reader = socket_->id()};
  auto started = co_await executions_->start(request.sandbox, std::move(what), progress());
  if (!started) co_return request.answer({failure(started.error())});
  request.answer({success_with(started->info)});
  if (!socket_->connected()) co_return;
  socket_->emit("execution_started", {json::object{{"execution_id", id}}});
  if (!pumps_.contains(id)) carry(id, std::move(started->watch), Position{});
}

asio::awaitable<void> ExecutionSession::attach(Request request) {
  const auto from = position_of(request.fields);
  if (!from) {
    co_return request.answer(
        {failure("invalid", R"("from" must be a number or {"stdout": number, "stderr": number}.)")});
  }
  if (pumps_.size() >= kAttachmentsMax) {
    co_return request.answer(
        {failure("too_many", "This connection watches as many executions as it may: detach one.")});
  }
  if (pumps_.contains(request.id)) {
    co_return request.answer({failure("invalid", "This connection watches that execution already: detach first.")});
  }
  const auto info = co_await begin_watch(request.sandbox, request.id, *from);
  request.answer({answer_of(info)});
}

asio::awaitable<base::Result<execution::Info>> ExecutionSession::begin_watch(std::string sandbox, std::string id,
                                                                             Position from) {
  pumps_[id] = nullptr;  // the place is taken while the agent is asked
  auto watch = co_await executions_->watch(std::move(sandbox), id, from.least(), socket_->id());
  if (!watch) {
    pumps_.erase(id);
    co_return watch.error();
  }
  const execution::Info info = (*watch)->info();
  carry(std::move(id), std::move(*watch), from);
  co_return info;
}

void ExecutionSession::carry(std::string id, std::unique_ptr<execution::Watch> watch, Position from) {
  const auto pump = std::make_shared<OutputPump>(socket_, std::move(watch), from);
  pumps_[id] = pump;
  asio::co_spawn(socket_->executor(), carry_output(std::move(id), pump), asio::detached);
}

asio::awaitable<void> ExecutionSession::carry_output(std::string id, std::shared_ptr<OutputPump> pump) {
  const auto self = shared_from_this();
  const auto info = co_await pump->run(std::make_shared<ExecutionOutput>(socket_, id));
  const auto mine = pumps_.find(id);
  if (mine != pumps_.end() && mine->second == pump) pumps_.erase(mine);
  if (info) socket_->emit("execution_ended", {json::object{{"execution_id", id}, {"execution", to_json(*info)}}});
}

asio::awaitable<void> ExecutionSession::detach(Request request) {
  const auto pump = pumps_.find(request.id);
  if (pump != pumps_.end()) {
    if (pump->second) pump->second->stop();
    pumps_.erase(pump);
  }
  request.answer({success()});
  co_return;
}

asio::awaitable<void> ExecutionSession::acknowledge(Request request) {
  const auto offset = offset_of(request.fields, "offset");
  if (!offset) co_return request.answer({failure("invalid", "\"offset\" must be a number of bytes.")});
  const auto pump = pumps_.find(request.id);
  if (pump != pumps_.end() && pump->second) pump->second->client_acknowledged(*offset);
  request.answer({success()});
}

asio::awaitable<void> ExecutionSession::input(Request request) {
  const auto* text = text_of(request.fields, "text");
  if (text == nullptr)
    co_return request.answer({failure("invalid", "\"text\" must be a text: what the program reads.")});
  const bool has_offset = request.fields.contains("offset");
  const auto offset = offset_of(request.fields, "offset");
  if (has_offset && !offset) co_return request.answer({failure("invalid", "\"offset\" must be a number of bytes.")});
  const auto end = co_await executions_->input(request.sandbox, request.id, std::string(*text), offset);
  request.answer({end ? success({{"offset", *end}}) : failure(end.error())});
}

asio::awaitable<void> ExecutionSession::end_input(Request request) {
  const auto ended = co_await executions_->end_input(request.sandbox, request.id);
  request.answer({ended ? success() : failure(ended.error())});
}

asio::awaitable<void> ExecutionSession::interrupt(Request request) {
  const auto info = co_await executions_->interrupt(request.sandbox, request.id);
  request.answer({answer_of(info)});
}

asio::awaitable<void> ExecutionSession::stop(Request request) {
  const auto info = co_await executions_->stop(request.sandbox, request.id, "stopped by you");
  request.answer({answer_of(info)});
}

asio::awaitable<void> ExecutionSession::list(Request request) {
  const auto infos = co_await executions_->list(request.sandbox);
  if (!infos) co_return request.answer({failure(infos.error())});
  json::array executions;
  for (const auto& info : *infos) executions.push_back(to_json(info));
  request.answer({success({{"executions", std::move(executions)}})});
}

sandbox::Progress ExecutionSession::progress() {
  return [weak = weak_from_this(), executor = socket_->executor()](std::string_view cause) {
    asio::post(executor, [weak, cause = std::string(cause)] {
      const auto self = weak.lock();
      if (self) self->socket_->emit("sandbox_starting", {json::object{{"text", cause}}});
    });
  };
}

}  // namespace gateway::events

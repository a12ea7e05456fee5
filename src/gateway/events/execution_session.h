#pragma once

// ExecutionSession: one socket's side of the execution_* events of docs/protocol.md.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include "execution/execution_service.h"
#include "gateway/events/identity.h"
#include "gateway/events/output_pump.h"
#include "socketio/server.h"

namespace gateway::events {

// Used on the socket's executor.
class ExecutionSession : public std::enable_shared_from_this<ExecutionSession> {
 public:
  ExecutionSession(std::shared_ptr<socketio::Socket> socket, std::shared_ptr<Identity> identity,
                   std::shared_ptr<execution::ExecutionService> executions);

  void listen();  // sets the socket's handlers
  void disconnected();

 private:
  // A request whose account is known: `sandbox` is that account's.
  struct Request {
    std::string sandbox;
    std::string id;  // execution_id; empty where the event takes none
    boost::json::object fields;
    socketio::Acknowledge answer;
  };
  using Handler = boost::asio::awaitable<void> (ExecutionSession::*)(Request);
  enum class Id { required, optional, none };

  void on(std::string event, Id id, Handler handler);
  boost::asio::awaitable<void> serve(Id id, Handler handler, boost::json::object fields, socketio::Acknowledge answer);

  boost::asio::awaitable<void> start(Request request);
  boost::asio::awaitable<void> attach(Request request);
  boost::asio::awaitable<void> detach(Request request);
  boost::asio::awaitable<void> acknowledge(Request request);
  boost::asio::awaitable<void> input(Request request);
  boost::asio::awaitable<void> end_input(Request request);
  boost::asio::awaitable<void> interrupt(Request request);
  boost::asio::awaitable<void> stop(Request request);
  boost::asio::awaitable<void> list(Request request);

  boost::asio::awaitable<base::Result<execution::Info>> begin_watch(std::string sandbox, std::string id, Position from);
  void carry(std::string id, std::unique_ptr<execution::Watch> watch, Position from);
  boost::asio::awaitable<void> carry_output(std::string id, std::shared_ptr<OutputPump> pump);
  sandbox::Progress progress();

  std::shared_ptr<socketio::Socket> socket_;
  std::shared_ptr<Identity> identity_;
  std::shared_ptr<execution::ExecutionService> executions_;
  std::map<std::string, std::shared_ptr<OutputPump>> pumps_;  // by execution id
};

}  // namespace gateway::events

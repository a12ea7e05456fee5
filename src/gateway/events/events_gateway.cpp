#include "gateway/events/events_gateway.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/events/contract_session.h"
#include "gateway/events/execution_session.h"
#include "gateway/events/identity.h"

namespace gateway::events {
namespace asio = boost::asio;

namespace {

asio::awaitable<void> resolve(std::shared_ptr<Identity> identity) {
  co_await identity->resolve();
}

void begin_sessions(const std::shared_ptr<socketio::Socket>& socket, const EventsServices& services,
                    const std::shared_ptr<ContractRuns>& runs) {
  const auto identity = std::make_shared<Identity>(services.accounts, socket->handshake(), socket->executor());
  const auto contract = std::make_shared<ContractSession>(socket, identity, services.executions, runs);
  const auto executions = std::make_shared<ExecutionSession>(socket, identity, services.executions);
  socket->on("execute_command", [contract](const boost::json::array& arguments, const socketio::Acknowledge&) {
    contract->execute_command(arguments);
  });
  socket->on("send_stdin", [contract](const boost::json::array& arguments, const socketio::Acknowledge&) {
    contract->send_stdin(arguments);
  });
  executions->listen();
  socket->on_disconnect([contract, executions](std::string_view) {
    contract->disconnected();
    executions->disconnected();
  });
  asio::co_spawn(socket->executor(), resolve(identity), asio::detached);
  contract->begin();
}

}  // namespace

void serve_events(socketio::Server& server, EventsServices services, std::shared_ptr<ContractRuns> runs) {
  server.on_connection(
      [services = std::move(services), runs = std::move(runs)](const std::shared_ptr<socketio::Socket>& socket) {
        begin_sessions(socket, services, runs);
      });
}

}  // namespace gateway::events

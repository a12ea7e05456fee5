#pragma once

// EventsGateway: gives every new socket its two sessions, the contract's and that of docs/protocol.md.

#include <memory>

#include "accounts/account_service.h"
#include "execution/execution_service.h"
#include "socketio/server.h"

namespace gateway::events {

struct EventsServices {
  std::shared_ptr<accounts::AccountService> accounts;
  std::shared_ptr<execution::ExecutionService> executions;
};

// Sets the server's connection handler.
void serve_events(socketio::Server& server, EventsServices services);

}  // namespace gateway::events

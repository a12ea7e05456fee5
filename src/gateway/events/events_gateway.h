#pragma once

// EventsGateway: gives every new socket its two sessions, the contract's and that of docs/protocol.md.

#include <memory>

#include "accounts/account_service.h"
#include "execution/execution_service.h"
#include "gateway/events/contract_runs.h"
#include "socketio/server.h"

namespace gateway::events {

struct EventsServices {
  std::shared_ptr<accounts::AccountService> accounts;
  std::shared_ptr<execution::ExecutionService> executions;
};

// Sets the server's connection handler.
void serve_events(socketio::Server& server, EventsServices services,
                  std::shared_ptr<ContractRuns> runs = std::make_shared<ContractRuns>());

}  // namespace gateway::events

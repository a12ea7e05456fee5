#pragma once

// Requests: what a server may ask, checked and carried out, and the answers.

#include <map>
#include <string>
#include <vector>

#include "agent/connection.h"
#include "agent/executions.h"

namespace agent {

class Requests {
 public:
  Requests(Execution::Tools tools, Executions& executions) : tools_(tools), executions_(executions) {}

  void handle(Connection& connection, std::uint64_t connection_id, wire::ToAgent& message);

  // Connections that wait for the answer to their start of `id`, which is given now.
  struct Waiting {
    std::uint64_t connection_id;
    std::uint64_t request;
  };
  std::vector<Waiting> take_waiting(const std::string& id);

 private:
  void start(Connection& connection, std::uint64_t connection_id, wire::ToAgent& message);
  void attach(Connection& connection, const wire::ToAgent& message);
  void input(Connection& connection, const wire::ToAgent& message);
  void list(Connection& connection, std::uint64_t request);
  void status(Connection& connection, std::uint64_t request);
  std::shared_ptr<Execution> find(Connection& connection, std::uint64_t request, const std::string& id);

  Execution::Tools tools_;
  Executions& executions_;
  std::map<std::string, std::vector<Waiting>> waiting_;
};

void send_info(Connection& connection, std::uint64_t request, const Execution& execution);

}  // namespace agent

#pragma once

// Door: which Host and which Origin is let in. Keeps pages of other sites out, also those whose name was made to point
// at this machine (DNS rebinding).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/server.h"

namespace gateway::http {

using Request = socketio::Request;
using Response = socketio::Response;

struct DoorOptions {
  std::string listen_address = "127.0.0.1";    // where it is 0.0.0.0 or ::, any address (not any name) is ours
  std::vector<std::string> allowed_hosts{};    // FORGE_ALLOWED_HOSTS: "forge.example" (any port), "forge.example:8443"
  std::vector<std::string> allowed_origins{};  // FORGE_ALLOWED_ORIGINS: "https://app.example"
};

class Door {
 public:
  explicit Door(const DoorOptions& options);

  // Why the request is refused, a sentence for a person; empty where it is let in.
  std::string refuse(const Request& request) const;

  // The request's Origin where it is one of allowed_origins, which then needs CORS headers.
  std::optional<std::string> cors_origin(const Request& request) const;

 private:
  bool is_our_host(std::string_view host) const;
  bool is_allowed_origin(std::string_view origin) const;

  bool any_address_;
  std::vector<std::string> hosts_;    // lower case
  std::vector<std::string> origins_;  // lower case, without a default port
};

}  // namespace gateway::http

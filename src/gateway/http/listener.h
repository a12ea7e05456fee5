#pragma once

// Listener: takes connections on one address, reads their requests, and gives each to the Socket.IO server or to the
// routes, past the door.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/log.h"
#include "base/result.h"
#include "gateway/http/door.h"
#include "gateway/http/limits.h"
#include "gateway/http/routes.h"
#include "socketio/server.h"

namespace gateway::http {

enum class Errc { invalid_address = 1, address_in_use, cannot_listen };
boost::system::error_code make_error_code(Errc);

struct ListenerOptions {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address, or "localhost"
  std::uint16_t port = 5000;          // 0: any free one
  std::size_t connections_max = kConnectionsMax;
  std::chrono::milliseconds idle_timeout = kIdleTimeout;
  std::size_t socketio_body_bytes_max = std::size_t{32} << 20;
};

// What `address` and `port` mean; invalid_address says what would do. Whether the server is on loopback alone:
// endpoint_of(…)->address().is_loopback().
base::Result<boost::asio::ip::tcp::endpoint> endpoint_of(const std::string& address, std::uint16_t port);

class Listener {
 public:
  virtual ~Listener() = default;

  virtual boost::asio::ip::tcp::endpoint endpoint() const = 0;  // as bound
  virtual std::size_t connections() const = 0;                  // those that a WebSocket took over included

  // Begins to accept. Before this, clients wait in the kernel's queue.
  virtual void start() = 0;
  // Accepts no more, closes idle connections, and the others after their answer. From any thread. Connections that
  // a WebSocket took over are the Socket.IO server's to end.
  virtual void stop() = 0;
};

struct ListenerParts {
  std::shared_ptr<const Door> door;
  std::shared_ptr<const Routes> routes;
  std::shared_ptr<socketio::Server> socketio;
  base::Logger log;
};

// Binds and listens. Each executor is one single-threaded io_context; connections go to them in turn. A taken port's
// error names the port and the setting that changes it.
base::Result<std::shared_ptr<Listener>> listen(std::vector<boost::asio::any_io_executor> executors,
                                               const ListenerOptions& options, ListenerParts parts);

}  // namespace gateway::http

template <>
struct boost::system::is_error_code_enum<gateway::http::Errc> : std::true_type {};

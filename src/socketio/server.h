#pragma once

// A Socket.IO 5 server over Engine.IO 4 (long-polling, upgrade, WebSocket), for Boost.Asio.
// https://socket.io/docs/v4/socket-io-protocol/ and https://socket.io/docs/v4/engine-io-protocol/

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"

namespace socketio {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

enum class Errc {
  closed = 1,  // the connection has ended
  queue_full,  // a sender that did not await room
  refused,
};
boost::system::error_code make_error_code(Errc);

struct Options {
  std::string path = "/socket.io/";
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds connect_timeout{45'000};      // from the handshake to the first namespace
  std::size_t payload_bytes_max = std::size_t{32} << 20;  // maxPayload
  std::size_t connections_max = 20'000;
  // Bytes queued for one connection: emit() waits above the first; above the second the connection is closed.
  std::size_t queue_bytes_high = std::size_t{1} << 20;
  std::size_t queue_bytes_max = std::size_t{64} << 20;
};

// The HTTP request that opened a connection, what of it outlives the request.
struct Handshake {
  std::string address;                         // of the peer, without port
  std::map<std::string, std::string> headers;  // names in lower case; cookie, origin, host, user-agent
  std::string query;                           // as it stood behind '?'
  boost::json::value auth;                     // the CONNECT packet's payload
};

// Answers an event that asked for an acknowledgement; does nothing where it did not. Call at most once, on any thread.
using Acknowledge = std::function<void(boost::json::array arguments)>;

// One client in one namespace. Its handlers run on its connection's executor, one at a time, in the order of arrival;
// what they throw closes the connection. emit and disconnect may be called from any thread.
class Socket {
 public:
  using EventHandler = std::function<void(boost::json::array arguments, Acknowledge)>;

  virtual ~Socket() = default;
  virtual const std::string& id() const = 0;
  virtual const Handshake& handshake() const = 0;
  virtual boost::asio::any_io_executor executor() const = 0;

  // One handler per event; events without one go to on_any, or are ignored.
  virtual void on(std::string event, EventHandler handler) = 0;
  virtual void on_any(std::function<void(std::string event, boost::json::array, Acknowledge)> handler) = 0;
  // Once, when the client has gone, whatever the cause; `reason` by Socket.IO's names ("transport close", …).
  virtual void on_disconnect(std::function<void(std::string_view reason)> handler) = 0;

  // Queues the event; closed where the client has gone, queue_full above queue_bytes_max.
  virtual base::Result<void> emit(std::string_view event, const boost::json::array& arguments) = 0;
  // The same for arguments that are JSON text already: `json_arguments` is what stands between the event's name and
  // the closing bracket, as `{"output":"hi"}`; may be empty.
  virtual base::Result<void> emit_json(std::string_view event, std::string_view json_arguments) = 0;
  // Waits until fewer than queue_bytes_high are queued (those given to the transport's write call do not count).
  virtual boost::asio::awaitable<base::Result<void>> room() = 0;
  // Waits until everything queued so far was written to the transport.
  virtual boost::asio::awaitable<base::Result<void>> flushed() = 0;
  virtual std::size_t queued_bytes() const = 0;

  virtual bool connected() const = 0;
  virtual void disconnect() = 0;  // closes the whole connection
};

class Server {
 public:
  virtual ~Server() = default;

  // Called for each client that connects to `/`, on its connection's executor, before any of its events.
  virtual void on_connection(std::function<void(std::shared_ptr<Socket>)> handler) = 0;
  // Refuses a handshake: a non-empty answer is the reason, sent as HTTP 403. Unset: all are allowed.
  virtual void allow_request(std::function<std::string(const Request&)> check) = 0;

  // Whether the request's path is this server's.
  virtual bool handles(const Request& request) const = 0;
  // Answers one long-polling request; may wait up to the ping interval for something to send.
  virtual boost::asio::awaitable<Response> handle(Request request, std::string address) = 0;
  // Takes over a connection that asks for a WebSocket (or answers why not and closes it); returns when it has ended.
  // `leftover` is what was read from the socket behind the request.
  virtual boost::asio::awaitable<void> handle_upgrade(boost::asio::ip::tcp::socket socket, Request request,
                                                      std::string leftover, std::string address) = 0;

  virtual std::size_t connections() const = 0;
  // Closes all connections and refuses new ones; clients are told "server shutting down" by a close packet. They have
  // ended within 5 s; only then may their io_contexts be destroyed.
  virtual void shutdown() = 0;
};

std::shared_ptr<Server> make_server(boost::asio::any_io_executor executor, Options options);

// Appends `text` to `out` as the inside of a JSON string. Bytes that are not UTF-8 become U+FFFD, by the WHATWG's rule
// (one for each maximal subpart).
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace socketio

template <>
struct boost::system::is_error_code_enum<socketio::Errc> : std::true_type {};

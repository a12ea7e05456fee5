#include "socketio/server.h"

#include <atomic>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/write.hpp>

#include "socketio/engineio/connection.h"
#include "socketio/http_answers.h"
#include "socketio/query.h"
#include "socketio/random_id.h"
#include "socketio/registry.h"
#include "socketio/socketio/client.h"

namespace socketio {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using engineio::CloseCode;
using engineio::Closing;
using engineio::Connection;
using engineio::Transport;
using ConnectionPtr = std::shared_ptr<Connection>;

namespace {

class ErrorCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "socketio"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::closed:
        return "the client has gone";
      case Errc::queue_full:
        return "the client's queue is full";
      case Errc::refused:
        return "refused";
    }
    return "unknown";
  }
};

// Runs `work` on the connection's executor; the caller resumes on its own.
template <class Work>
auto run_on_connection(const ConnectionPtr& connection, Work work) -> decltype(work) {
  if (connection->runs_here()) co_return co_await std::move(work);
  co_return co_await asio::co_spawn(connection->executor(), std::move(work), asio::use_awaitable);
}

asio::awaitable<std::optional<std::string>> get(ConnectionPtr connection) {
  co_return co_await connection->poll();
}

asio::awaitable<bool> post(ConnectionPtr connection, std::string body) {
  co_return connection->post(body);
}

asio::awaitable<bool> begin_upgrade(ConnectionPtr connection) {
  co_return connection->begin_upgrade();
}

// The socket may come from another io_context: its descriptor is registered with the connection's.
asio::awaitable<void> adopt(ConnectionPtr connection, int descriptor, asio::ip::tcp protocol, std::string response_head,
                            std::string leftover, std::function<void()> ended) {
  connection->adopt(asio::ip::tcp::socket(connection->executor(), protocol, descriptor), std::move(response_head),
                    leftover, std::move(ended));
  co_return;
}

// A request for a WebSocket, kept apart from the coroutine that lasts as long as the connection does.
struct Upgrade {
  asio::ip::tcp::socket socket;
  Request request;
  std::string leftover;
  std::string address;
};

class EngineServer : public Server, public std::enable_shared_from_this<EngineServer> {
 public:
  explicit EngineServer(Options options)
      : options_(std::make_shared<const Options>(std::move(options))),
        registry_(std::make_shared<Registry>(options_->connections_max)) {}

  void on_connection(Client::ConnectionHandler handler) override { *on_connection_ = std::move(handler); }
  void allow_request(std::function<std::string(const Request&)> check) override { allow_request_ = std::move(check); }
  bool handles(const Request& request) const override;
  asio::awaitable<Response> handle(Request request, std::string address) override;
  asio::awaitable<void> handle_upgrade(asio::ip::tcp::socket socket, Request request, std::string leftover,
                                       std::string address) override {
    return serve(std::make_unique<Upgrade>(
                     Upgrade{std::move(socket), std::move(request), std::move(leftover), std::move(address)}),
                 shared_from_this());
  }
  std::size_t connections() const override { return registry_->size(); }
  void shutdown() override;

 private:
  using Timer = std::shared_ptr<asio::steady_timer>;

  static asio::awaitable<void> serve(std::unique_ptr<Upgrade> upgrade, std::shared_ptr<EngineServer> self);
  static asio::awaitable<bool> take_over(std::unique_ptr<Upgrade> upgrade, std::shared_ptr<EngineServer> self,
                                         Timer ended);
  std::optional<Response> refuse_handshake(const Request& request) const;
  ConnectionPtr open(asio::any_io_executor executor, Transport transport, Handshake handshake);
  Response full(const Request& request) const;
  asio::awaitable<std::optional<Response>> join(asio::any_io_executor executor, const Request& request,
                                                std::string address, ConnectionPtr& connection);

  std::shared_ptr<const Options> options_;
  std::shared_ptr<Registry> registry_;
  std::shared_ptr<Client::ConnectionHandler> on_connection_ = std::make_shared<Client::ConnectionHandler>();
  std::function<std::string(const Request&)> allow_request_;
  std::atomic<bool> shut_down_ = false;
};

bool EngineServer::handles(const Request& request) const {
  const std::string_view path = path_of(request.target());
  std::string_view own = options_->path;
  if (path == own) return true;
  if (own.ends_with('/')) own.remove_suffix(1);
  return path == own;
}

std::optional<Response> EngineServer::refuse_handshake(const Request& request) const {
  if (request.method() != http::verb::get) return refusal(request, Refusal::bad_method);
  if (parameter(query_of(request.target()), "EIO") != "4") return refusal(request, Refusal::unsupported_version);
  if (shut_down_)
    return refusal(request, http::status::service_unavailable, Refusal::forbidden, "The server is shutting down.");
  const std::string reason = allow_request_ ? allow_request_(request) : std::string();
  if (!reason.empty()) return refusal(request, Refusal::forbidden, reason);
  return std::nullopt;
}

// Nothing where there are too many.
ConnectionPtr EngineServer::open(asio::any_io_executor executor, Transport transport, Handshake handshake) {
  auto connection = std::make_shared<Connection>(std::move(executor), random_id(), options_, transport);
  if (!registry_->add(connection)) return nullptr;
  const auto client = std::make_shared<Client>(connection, std::move(handshake), on_connection_);
  connection->start({.message = [client](const engineio::Packet& packet) { client->receive(packet); },
                     .closed = [client](std::string_view reason) { client->closed(reason); },
                     .ended = [registry = registry_, sid = connection->sid()] { registry->remove(sid); }});
  return connection;
}

Response EngineServer::full(const Request& request) const {
  return refusal(request, http::status::service_unavailable, Refusal::forbidden,
                 "This server has as many connections as it takes (" + std::to_string(options_->connections_max) +
                     "); try again later.");
}

asio::awaitable<Response> EngineServer::handle(Request request, std::string address) {
  const auto self = shared_from_this();
  const std::string_view query = query_of(request.target());
  const std::string transport = parameter(query, "transport");
  if (transport != "polling" && transport != "websocket") co_return refusal(request, Refusal::unknown_transport);
  const std::string sid = parameter(query, "sid");
  ConnectionPtr connection;
  if (sid.empty()) {
    if (auto refused = refuse_handshake(request)) co_return std::move(*refused);
    if (transport == "websocket") co_return refusal(request, Refusal::bad_request, websocket_fault(request));
    connection =
        open(co_await asio::this_coro::executor, Transport::polling, handshake_of(request, std::move(address)));
    if (!connection) co_return full(request);
  } else {
    connection = registry_->find(sid);
    if (!connection) co_return refusal(request, Refusal::unknown_sid);
    if (transport == "websocket") co_return refusal(request, Refusal::bad_request);
  }
  if (request.method() == http::verb::get) {
    auto body = co_await run_on_connection(connection, get(connection));
    co_return body ? text_answer(request, std::move(*body)) : refusal(request, Refusal::bad_request);
  }
  if (request.method() != http::verb::post) co_return refusal(request, Refusal::bad_request);
  if (request.body().size() > options_->payload_bytes_max) {
    connection->close("transport error", Closing::drop, CloseCode::too_big, "the message is too big");
    co_return refusal(request, http::status::payload_too_large, Refusal::bad_request,
                      "The body has more than maxPayload bytes.");
  }
  const bool taken = co_await run_on_connection(connection, post(connection, std::exchange(request.body(), {})));
  co_return taken ? text_answer(request, "ok") : refusal(request, Refusal::bad_request);
}

// The connection that a request for a WebSocket opens or upgrades; a response where it may not.
asio::awaitable<std::optional<Response>> EngineServer::join(asio::any_io_executor executor, const Request& request,
                                                            std::string address, ConnectionPtr& connection) {
  const std::string_view query = query_of(request.target());
  if (parameter(query, "transport") != "websocket") co_return refusal(request, Refusal::unknown_transport);
  if (const auto fault = websocket_fault(request); !fault.empty())
    co_return refusal(request, Refusal::bad_request, fault);
  const std::string sid = parameter(query, "sid");
  if (sid.empty()) {
    if (auto refused = refuse_handshake(request)) co_return std::move(*refused);
    connection = open(std::move(executor), Transport::websocket, handshake_of(request, std::move(address)));
    if (!connection) co_return full(request);
    co_return std::nullopt;
  }
  connection = registry_->find(sid);
  if (!connection) co_return refusal(request, Refusal::unknown_sid);
  if (!co_await run_on_connection(connection, begin_upgrade(connection)))
    co_return refusal(request, Refusal::bad_request);
  co_return std::nullopt;
}

asio::awaitable<void> EngineServer::serve(std::unique_ptr<Upgrade> upgrade, std::shared_ptr<EngineServer> self) {
  const auto ended =
      std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  if (co_await take_over(std::move(upgrade), std::move(self), ended))
    co_await ended->async_wait(asio::as_tuple(asio::use_awaitable));
}

// False where the connection was refused. `ended` goes off when the WebSocket has ended.
asio::awaitable<bool> EngineServer::take_over(std::unique_ptr<Upgrade> upgrade, std::shared_ptr<EngineServer> self,
                                              Timer ended) {
  auto& [socket, request, leftover, address] = *upgrade;
  ConnectionPtr connection;
  auto refused = co_await self->join(socket.get_executor(), request, std::move(address), connection);
  boost::system::error_code error;
  if (refused) {
    refused->keep_alive(false);
    co_await http::async_write(socket, *refused, asio::redirect_error(asio::use_awaitable, error));
    socket.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    co_return false;
  }
  const auto protocol = socket.local_endpoint(error).protocol();
  auto on_ended = [ended] {
    asio::post(ended->get_executor(), [ended] { ended->expires_at(asio::steady_timer::time_point::min()); });
  };
  co_await run_on_connection(connection, adopt(connection, socket.release(), protocol, websocket_response(request),
                                               std::move(leftover), std::move(on_ended)));
  co_return true;
}

void EngineServer::shutdown() {
  shut_down_ = true;
  for (const auto& connection : registry_->all())
    connection->close("server shutting down", Closing::tell, CloseCode::going_away, "server shutting down");
}

}  // namespace

boost::system::error_code make_error_code(Errc code) {
  static const ErrorCategory category;
  return {static_cast<int>(code), category};
}

std::shared_ptr<Server> make_server([[maybe_unused]] asio::any_io_executor executor, Options options) {
  return std::make_shared<EngineServer>(std::move(options));
}

}  // namespace socketio

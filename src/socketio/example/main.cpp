// A Socket.IO server that answers what clients send, for trying clients out: socketio_example --port 3000
//
// `auth` with the CONNECT payload after connecting; `message` comes back as `message-back` with the same arguments;
// `message-with-ack` is acknowledged with its arguments; `flood` {"bytes":n} sends that many in `output` events.

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/json.hpp>

#include "socketio/server.h"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

asio::awaitable<void> flood(std::shared_ptr<socketio::Socket> socket, std::size_t bytes) {
  const std::string line = "The quick brown fox jumps over the lazy dog, again and again, eighty characters.\n";
  std::string text;
  while (text.size() < 60'000) text += line;
  for (std::size_t sent = 0; sent < bytes; sent += text.size()) {
    std::string json = "{\"output\":\"";
    socketio::append_json_escaped(json, text);
    json += "\"}";
    if (!socket->emit_json("output", json)) co_return;
    if (!co_await socket->room()) co_return;
  }
  (void)socket->emit_json("flooded", {});
}

void serve(const std::shared_ptr<socketio::Socket>& socket) {
  std::weak_ptr weak = socket;
  socket->on("message", [weak](const boost::json::array& arguments, const socketio::Acknowledge&) {
    if (const auto alive = weak.lock()) (void)alive->emit("message-back", arguments);
  });
  socket->on("message-with-ack", [](const boost::json::array& arguments, const socketio::Acknowledge& acknowledge) {
    acknowledge(arguments);
  });
  socket->on("flood", [weak](const boost::json::array& arguments, const socketio::Acknowledge&) {
    const auto bytes = arguments.at(0).at("bytes").to_number<std::size_t>();
    if (const auto alive = weak.lock()) asio::co_spawn(alive->executor(), flood(alive, bytes), asio::detached);
  });
  const auto& auth = socket->handshake().auth;
  (void)socket->emit("auth", {auth.is_null() ? boost::json::value(boost::json::object()) : auth});
}

asio::awaitable<socketio::Request> read_request(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(std::uint64_t{33} << 20);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  co_return parser.release();
}

asio::awaitable<void> converse(tcp::socket accepted, std::shared_ptr<socketio::Server> server) {
  const std::string address = accepted.remote_endpoint().address().to_string();
  beast::tcp_stream stream(std::move(accepted));
  stream.socket().set_option(tcp::no_delay(true));
  beast::flat_buffer buffer;
  for (;;) {
    auto request = co_await read_request(stream, buffer);
    if (!server->handles(request)) co_return;
    if (beast::websocket::is_upgrade(request)) {
      std::string leftover = beast::buffers_to_string(std::exchange(buffer, {}).data());
      co_await server->handle_upgrade(stream.release_socket(), std::move(request), std::move(leftover), address);
      co_return;
    }
    const auto response = co_await server->handle(std::move(request), address);
    co_await http::async_write(stream, response, asio::use_awaitable);
    if (response.need_eof()) co_return;
  }
}

asio::awaitable<void> listen(tcp::acceptor acceptor, std::vector<std::unique_ptr<asio::io_context>>& contexts,
                             std::shared_ptr<socketio::Server> server) {
  for (std::size_t next = 0;; ++next) {
    auto& context = *contexts[next % contexts.size()];
    auto socket = co_await acceptor.async_accept(context, asio::use_awaitable);
    asio::co_spawn(context, converse(std::move(socket), server), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  unsigned short port = 3000;
  std::size_t threads = 1;
  socketio::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const long value = std::atol(argv[i + 1]);
    if (flag == "--port") port = static_cast<unsigned short>(value);
    if (flag == "--threads") threads = static_cast<std::size_t>(value);
    if (flag == "--ping-interval") options.ping_interval = std::chrono::milliseconds(value);
    if (flag == "--ping-timeout") options.ping_timeout = std::chrono::milliseconds(value);
  }
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  for (std::size_t i = 0; i < threads; ++i) contexts.push_back(std::make_unique<asio::io_context>(1));
  const auto server = socketio::make_server(contexts[0]->get_executor(), options);
  server->on_connection(serve);
  tcp::acceptor acceptor(*contexts[0], tcp::endpoint(asio::ip::address_v4::loopback(), port));
  std::cout << "listening on 127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
  asio::co_spawn(*contexts[0], listen(std::move(acceptor), contexts, server), asio::detached);
  asio::signal_set signals(*contexts[0], SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) {
    server->shutdown();
    for (auto& context : contexts) context->stop();
  });
  std::vector<std::thread> pool;
  for (std::size_t i = 1; i < threads; ++i)
    pool.emplace_back([&contexts, i] {
      const auto work = asio::make_work_guard(*contexts[i]);
      contexts[i]->run();
    });
  contexts[0]->run();
  for (auto& thread : pool) thread.join();
}

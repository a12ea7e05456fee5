// The server over real sockets, two io_contexts with a thread each, and a client that blocks.

#include "socketio/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/json.hpp>

namespace socketio {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

asio::awaitable<void> converse(tcp::socket accepted, std::shared_ptr<Server> server) {
  beast::tcp_stream stream(std::move(accepted));
  beast::flat_buffer buffer;
  for (;;) {
    boost::system::error_code error;
    http::request_parser<http::string_body> parser;
    parser.body_limit(std::uint64_t{64} << 20);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    auto request = parser.release();
    if (beast::websocket::is_upgrade(request))
      co_return co_await server->handle_upgrade(stream.release_socket(), std::move(request),
                                                beast::buffers_to_string(buffer.data()), "127.0.0.1");
    auto response = co_await server->handle(std::move(request), "127.0.0.1");
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, std::array<asio::io_context, 2>& contexts,
                             std::shared_ptr<Server> server) {
  for (std::size_t next = 0;; ++next) {
    auto& context = contexts[next % 2];
    boost::system::error_code error;
    auto socket = co_await acceptor.async_accept(context, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asio::co_spawn(context, converse(std::move(socket), server), asio::detached);
  }
}

class SocketIoServer : public testing::Test {
 protected:
  void start(Options options = {}) {
    server_ = make_server(contexts_[0].get_executor(), options);
    server_->on_connection([this](const std::shared_ptr<Socket>& socket) { greet(socket); });
    asio::co_spawn(contexts_[0], accept(acceptor_, contexts_, server_), asio::detached);
    for (auto& context : contexts_) {
      work_.push_back(asio::make_work_guard(context));
      threads_.emplace_back([&context] { context.run(); });
    }
  }

  void greet(const std::shared_ptr<Socket>& socket) {
    const bool is_first = !greeted_.exchange(true);
    socket->on("echo", [weak = std::weak_ptr(socket)](const boost::json::array& arguments, const Acknowledge&) {
      const auto alive = weak.lock();
      EXPECT_TRUE(alive && alive->emit("echo", arguments));
    });
    socket->on("ask", [](const boost::json::array& arguments, const Acknowledge& answer) { answer(arguments); });
    socket->on("throw", [](const boost::json::array&, const Acknowledge&) { throw std::runtime_error("meant"); });
    socket->on("leave", [socket](const boost::json::array&, const Acknowledge&) { socket->disconnect(); });
    socket->on_disconnect([this, is_first](std::string_view reason) {
      if (is_first) gone_.set_value(std::string(reason));
      throw std::runtime_error("meant to be ignored");
    });
    socket->on_any([socket](const std::string& event, const boost::json::array&, const Acknowledge&) {
      (void)socket->emit("unknown", {event});
    });
    if (is_first) socket_.set_value(socket);
  }

  std::shared_ptr<Socket> socket() { return socket_.get_future().get(); }
  std::string gone() { return gone_.get_future().get(); }

  // Nothing may be left: the contexts run until they have nothing to do.
  void TearDown() override {
    server_->shutdown();
    for (const std::string& query : polling_) get(query);
    asio::post(contexts_[0], [this] { acceptor_.close(); });
    work_.clear();
    for (auto& thread : threads_) thread.join();
    EXPECT_EQ(server_->connections(), 0u);
  }

  tcp::socket connect() {
    tcp::socket socket(client_context_);
    socket.connect(acceptor_.local_endpoint());
    return socket;
  }

  http::response<http::string_body> request(http::verb verb, const std::string& query, const std::string& body = "") {
    auto socket = connect();
    http::request<http::string_body> request(verb, "/socket.io/?" + query, 11);
    request.body() = body;
    request.prepare_payload();
    http::write(socket, request);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::uint64_t{64} << 20);
    http::read(socket, buffer, parser);
    return parser.release();
  }
  std::string get(const std::string& query) { return request(http::verb::get, query).body(); }
  std::string post(const std::string& query, const std::string& body) {
    return request(http::verb::post, query, body).body();
  }

  // The query of a polling session, connected to `/`.
  std::string open_polling() {
    const std::string body = get("EIO=4&transport=polling");
    EXPECT_THAT(body, StartsWith("0{"));
    const std::string sid(boost::json::parse(body.substr(1)).at("sid").as_string());
    const std::string query = "EIO=4&transport=polling&sid=" + sid;
    polling_.push_back(query);
    EXPECT_EQ(post(query, "40"), "ok");
    EXPECT_THAT(get(query), StartsWith("40{\"sid\":\""));
    return query;
  }

  using Stream = beast::websocket::stream<tcp::socket>;
  Stream open_websocket(const std::string& query) {
    Stream stream(connect());
    stream.read_message_max(0);
    stream.handshake("localhost", "/socket.io/?" + query);
    return stream;
  }
  Stream connect_websocket() {
    auto stream = open_websocket("EIO=4&transport=websocket");
    EXPECT_THAT(read(stream), StartsWith("0{"));
    write(stream, "40");
    EXPECT_THAT(read(stream), StartsWith("40{\"sid\":\""));
    return stream;
  }
  static std::string read(Stream& stream) {
    beast::flat_buffer buffer;
    stream.read(buffer);
    return beast::buffers_to_string(buffer.data());
  }
  static void write(Stream& stream, std::string_view text) { stream.write(asio::buffer(text)); }
  static beast::websocket::close_reason read_close(Stream& stream) {
    beast::flat_buffer buffer;
    boost::system::error_code error;
    while (!error) stream.read(buffer, error);
    return stream.reason();
  }

  std::array<asio::io_context, 2> contexts_{asio::io_context(1), asio::io_context(1)};
  asio::io_context client_context_;
  tcp::acceptor acceptor_{contexts_[0], tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::shared_ptr<Server> server_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
  std::vector<std::string> polling_;  // sessions that may be open
  std::atomic<bool> greeted_ = false;
  std::promise<std::shared_ptr<Socket>> socket_;  // the first one
  std::promise<std::string> gone_;
};

TEST_F(SocketIoServer, requests_that_are_wrong_are_refused_with_the_code_that_says_why) {
  Options options;
  options.payload_bytes_max = 1000;
  start(options);
  server_->allow_request(
      [](const Request& request) { return request.target().ends_with("&bad") ? "Not \"you\"." : ""; });
  const auto refused = [&](http::verb verb, const std::string& query, int status, const std::string& body) {
    const auto response = request(verb, query);
    EXPECT_EQ(response.result_int(), status) << query;
    EXPECT_EQ(response.body(), body) << query;
  };
  using http::verb;
  refused(verb::get, "EIO=4", 400, R"({"code":0,"message":"Transport unknown"})");
  refused(verb::get, "EIO=4&transport=pigeon", 400, R"({"code":0,"message":"Transport unknown"})");
  refused(verb::get, "EIO=4&transport=polling&sid=none", 400, R"({"code":1,"message":"Session ID unknown"})");
  refused(verb::post, "EIO=4&transport=polling", 400, R"({"code":2,"message":"Bad handshake method"})");
  refused(verb::get, "EIO=3&transport=polling", 400, R"({"code":5,"message":"Unsupported protocol version"})");
  refused(verb::get, "transport=polling", 400, R"({"code":5,"message":"Unsupported protocol version"})");
  refused(verb::get, "EIO=4&transport=polling&bad", 403, R"({"code":4,"message":"Not \"you\"."})");
  EXPECT_THAT(get("EIO=4&transport=websocket"), StartsWith(R"({"code":3,)"));
  const std::string query = open_polling();
  refused(verb::put, query, 400, R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(request(verb::post, query, std::string(1001, '4')).result_int(), 413);
  EXPECT_EQ(gone(), "transport error");
}

TEST_F(SocketIoServer, polling_carries_events_and_acknowledgements) {
  start();
  const std::string query = open_polling();
  EXPECT_EQ(post(query,
                 "42[\"echo\",1,\"zwei\"]\x1e"
                 "427[\"ask\",{\"a\":null}]"),
            "ok");
  EXPECT_EQ(get(query),
            "42[\"echo\",1,\"zwei\"]\x1e"
            "437[{\"a\":null}]");
  auto waiting = std::async(std::launch::async, [&] { return get(query); });
  EXPECT_TRUE(socket()->emit_json("news", ""));
  EXPECT_EQ(waiting.get(), "42[\"news\"]");
  const auto response = request(http::verb::post, query, "41");
  EXPECT_EQ(response[http::field::content_type], "text/plain; charset=UTF-8");
  EXPECT_EQ(response[http::field::cache_control], "no-store");
  EXPECT_EQ(gone(), "client namespace disconnect");
}

TEST_F(SocketIoServer, polling_that_breaks_the_rules_ends_the_session) {
  start();
  const std::string query = open_polling();
  EXPECT_EQ(request(http::verb::post, query, "nonsense").result_int(), 400);
  EXPECT_EQ(gone(), "parse error");
  EXPECT_EQ(get(query), R"({"code":1,"message":"Session ID unknown"})");
}

TEST_F(SocketIoServer, polling_upgrades_from_one_thread_to_another) {
  start();
  const std::string query = open_polling();
  auto waiting = std::async(std::launch::async, [&] { return get(query); });
  const std::string sid = query.substr(query.find("sid="));
  for (int i = 0; i < 2; ++i) {  // the first one is lost after its probe
    auto stream = open_websocket("EIO=4&transport=websocket&" + sid);
    write(stream, "2probe");
    EXPECT_EQ(read(stream), "3probe");
    if (i == 0) {
      EXPECT_EQ(waiting.get(), "6");
      continue;
    }
    EXPECT_TRUE(socket()->emit("queued", {}));
    write(stream, "5");
    EXPECT_EQ(read(stream), "42[\"queued\"]");
    write(stream, "42[\"echo\"]");
    EXPECT_EQ(read(stream), "42[\"echo\"]");
    EXPECT_EQ(request(http::verb::get, query).result_int(), 400);
    stream.next_layer().close();
    EXPECT_EQ(gone(), "transport close");
  }
}

TEST_F(SocketIoServer, websocket_alone_carries_messages_of_20_megabytes) {
  start();
  auto stream = connect_websocket();
  const std::string text = "42[\"echo\",\"" + std::string(20 << 20, 'y') + "\"]";
  write(stream, text);
  EXPECT_TRUE(read(stream) == text);
  write(stream, "42[\"what\"]");
  EXPECT_EQ(read(stream), "42[\"unknown\",\"what\"]");
  stream.close(beast::websocket::close_code::normal);
  EXPECT_EQ(gone(), "transport close");
}

TEST_F(SocketIoServer, frames_read_together_with_the_request_are_not_lost) {
  start();
  auto socket = connect();
  const std::string masked_zero(
      "\x81\x82\0\0\0\0"
      "40",
      8);
  asio::write(socket,
              asio::buffer("GET /socket.io?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                           "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
                           masked_zero));
  std::string all;
  asio::read_until(socket, asio::dynamic_buffer(all), "40{\"sid\":\"");
  EXPECT_THAT(all, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(all, HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

TEST_F(SocketIoServer, handshakes_tell_who_connects) {
  start();
  Stream stream(connect());
  stream.set_option(beast::websocket::stream_base::decorator([](beast::websocket::request_type& request) {
    request.set(http::field::cookie, "a=b");
    request.set(http::field::origin, "http://here");
  }));
  stream.handshake("localhost", "/socket.io/?EIO=4&transport=websocket&x=%20");
  write(stream, "40{\"token\":\"t\"}");
  const auto connected = socket();
  EXPECT_EQ(connected->handshake().address, "127.0.0.1");
  EXPECT_EQ(connected->handshake().query, "EIO=4&transport=websocket&x=%20");
  EXPECT_EQ(connected->handshake().headers.at("cookie"), "a=b");
  EXPECT_EQ(connected->handshake().headers.at("origin"), "http://here");
  EXPECT_EQ(connected->handshake().auth.at("token").as_string(), "t");
  EXPECT_TRUE(connected->connected());
}

TEST_F(SocketIoServer, other_namespaces_are_refused_and_the_connection_stays) {
  start();
  auto stream = connect_websocket();
  write(stream, "40/admin,{}");
  EXPECT_EQ(read(stream), "44/admin,{\"message\":\"Invalid namespace\"}");
  write(stream, "42[\"echo\"]");
  EXPECT_EQ(read(stream), "42[\"echo\"]");
}

class SocketIoParseError : public SocketIoServer, public testing::WithParamInterface<const char*> {};

TEST_P(SocketIoParseError, ends_the_connection_and_says_why) {
  start();
  auto stream = connect_websocket();
  write(stream, GetParam());
  const auto reason = read_close(stream);
  EXPECT_EQ(reason.code, 1003);
  EXPECT_FALSE(reason.reason.empty());
  EXPECT_EQ(gone(), "parse error");
}

INSTANTIATE_TEST_SUITE_P(Packets, SocketIoParseError,
                         testing::Values("4", "49", "40", "42", "42{}", "42[]", "42[1]", "42[\"a\"", "44{}", "2",
                                         "42/admin,[\"a\"]", "451-[\"a\",{\"_placeholder\":true,\"num\":0}]"));

TEST_F(SocketIoServer, a_handler_that_throws_ends_its_connection_alone) {
  start();
  auto stream = connect_websocket();
  write(stream, "42[\"throw\"]");
  EXPECT_EQ(read_close(stream).code, 1011);
  EXPECT_EQ(gone(), "transport error");
  open_polling();
}

TEST_F(SocketIoServer, disconnect_tells_the_client_and_no_more_can_be_sent) {
  start();
  auto stream = connect_websocket();
  const auto connected = socket();
  write(stream, "42[\"leave\"]");
  EXPECT_EQ(read(stream), "41");
  EXPECT_EQ(gone(), "server namespace disconnect");
  EXPECT_EQ(connected->emit("late", {}).error().code, make_error_code(Errc::closed));
  EXPECT_FALSE(connected->connected());
}

TEST_F(SocketIoServer, heartbeats_end_a_client_that_does_not_answer) {
  Options options;
  options.ping_interval = 20ms;
  options.ping_timeout = 20ms;
  start(options);
  auto stream = connect_websocket();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read(stream), "2");
    write(stream, "3");
  }
  EXPECT_EQ(read(stream), "2");
  EXPECT_EQ(gone(), "ping timeout");
}

TEST_F(SocketIoServer, too_many_connections_are_refused) {
  Options options;
  options.connections_max = 1;
  start(options);
  const std::string query = open_polling();
  EXPECT_EQ(request(http::verb::get, "EIO=4&transport=polling").result_int(), 503);
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(SocketIoServer, shutdown_tells_all_clients) {
  start();
  auto stream = connect_websocket();
  server_->shutdown();
  const auto reason = read_close(stream);
  EXPECT_EQ(reason.code, 1001);
  EXPECT_EQ(std::string(reason.reason.c_str()), "server shutting down");
  EXPECT_EQ(gone(), "server shutting down");
  EXPECT_EQ(request(http::verb::get, "EIO=4&transport=polling").result_int(), 503);
}

asio::awaitable<std::size_t> fill(std::shared_ptr<Socket> socket, int count) {
  const std::string json = "\"" + std::string(50'000, 'x') + "\"";
  std::size_t most = 0;
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE(socket->emit_json("fill", json));
    most = std::max(most, socket->queued_bytes());
    EXPECT_TRUE(co_await socket->room());
  }
  EXPECT_TRUE(co_await socket->flushed());
  co_return most;
}

// The writers run on either context: one of them is not the connection's own.
TEST_F(SocketIoServer, room_holds_writers_back_on_any_thread) {
  start();
  auto stream = connect_websocket();
  const auto connected = socket();
  for (auto& context : contexts_) {
    auto most = asio::co_spawn(context, fill(connected, 400), asio::use_future);
    for (int i = 0; i < 400; ++i) ASSERT_EQ(read(stream).size(), 50'013u);
    EXPECT_LE(most.get(), Options().queue_bytes_high + 50'100);
  }
}

TEST_F(SocketIoServer, room_holds_writers_back_while_polling) {
  start();
  const std::string query = open_polling();
  auto most = asio::co_spawn(contexts_[1], fill(socket(), 100), asio::use_future);
  for (std::ptrdiff_t left = 100 * 50'000; left > 0;) {
    const std::string body = get(query);
    left -= std::count(body.begin(), body.end(), 'x');
  }
  EXPECT_LE(most.get(), Options().queue_bytes_high + 50'100);
}

TEST_F(SocketIoServer, a_queue_that_overflows_ends_the_connection) {
  Options options;
  options.queue_bytes_max = 100'000;
  start(options);
  auto stream = connect_websocket();
  const auto connected = socket();
  const std::string json = "\"" + std::string(90'000, 'x') + "\"";
  base::Result<void> sent;
  for (int i = 0; i < 1000 && sent; ++i) sent = connected->emit_json("fill", json);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, make_error_code(Errc::queue_full));
  EXPECT_EQ(gone(), "transport error");
}

TEST_F(SocketIoServer, events_of_several_threads_arrive_each_in_order) {
  start();
  auto stream = connect_websocket();
  const auto connected = socket();
  constexpr int kEach = 2000;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer)
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kEach; ++i) EXPECT_TRUE(connected->emit("n", {writer, i}));
    });
  std::array<int, 3> next{};
  for (int i = 0; i < 3 * kEach; ++i) {
    const auto event = boost::json::parse(read(stream).substr(2)).as_array();
    EXPECT_EQ(event.at(2).as_int64(), next.at(static_cast<std::size_t>(event.at(1).as_int64()))++);
  }
  for (auto& writer : writers) writer.join();
}

}  // namespace
}  // namespace socketio

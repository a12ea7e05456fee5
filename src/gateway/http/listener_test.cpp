#include "gateway/http/listener.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "accounts/account_store_fake.h"

namespace gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

// A client that writes bytes as they are given and reads answers one by one.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }

  void send(std::string_view bytes) {
    boost::system::error_code ignored;  // the other end may have closed
    asio::write(socket_, asio::buffer(bytes), ignored);
  }

  Response read(bool head = false) {
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(std::uint64_t{64} << 20);
    parser.skip(head);
    boost::system::error_code error;
    beast::http::read(socket_, buffer_, parser, error);
    if (error) parser.get().reason("unread: " + error.message());
    return parser.release();
  }

  Response ask(const std::string& method, const std::string& target, const std::string& headers = "",
               const std::string& body = "") {
    send(method + " " + target + " HTTP/1.1\r\nHost: localhost:5000\r\n" + headers +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body);
    return read(method == "HEAD");
  }

  bool closed() {
    char byte = 0;
    boost::system::error_code error;
    asio::read(socket_, asio::buffer(&byte, 1), error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

  tcp::socket& socket() { return socket_; }

 private:
  asio::io_context context_;
  tcp::socket socket_;
  beast::flat_buffer buffer_;
};

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "forge-page-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::filesystem::create_directories(folder_ / "dist" / "assets");
    put("dist/index.html", "<!doctype html>");
    put("dist/assets/main-1a2b.js", "plain");
    put("dist/assets/main-1a2b.js.gz", "gzipped");
    put("secret.txt", "secret");
    put("dist/.env", "secret");
  }

  void TearDown() override {
    if (listener_) listener_->stop();
    if (socketio_) socketio_->shutdown();
    for (auto& guard : guards_) guard.reset();
    for (auto& thread : threads_) thread.join();
    std::filesystem::remove_all(folder_);
  }

  void put(const std::string& name, const std::string& content) { std::ofstream(folder_ / name) << content; }

  // Two threads, each with its io_context, as in the server.
  void start(ListenerOptions options = {}, std::string no_sandboxes = "") {
    std::vector<asio::any_io_executor> executors;
    for (auto& context : contexts_) {
      executors.push_back(context.get_executor());
      guards_.push_back(asio::make_work_guard(context));
    }
    socketio_ = socketio::make_server(executors[0], {});
    RoutesOptions routes;
    routes.accounts = accounts_;
    routes.no_sandboxes = std::move(no_sandboxes);
    routes.page_folder = folder_ / "dist";
    routes.on_registered = [this](accounts::Account account) {
      const std::lock_guard lock(mutex_);
      registered_.push_back(account.container_id);
    };
    options.port = 0;
    const Door door({.allowed_origins = {"https://app.example"}});
    listener_ = listen(executors, options,
                       {.door = std::make_shared<const Door>(door),
                        .routes = std::make_shared<const Routes>(std::move(routes)),
                        .socketio = socketio_,
                        .log = {}})
                    .value();
    listener_->start();
    for (auto& context : contexts_) threads_.emplace_back([&context] { context.run(); });
  }

  Client client() { return Client(listener_->endpoint().port()); }
  Response ask(const std::string& method, const std::string& target, const std::string& headers = "",
               const std::string& body = "") {
    return client().ask(method, target, headers, body);
  }
  Response post(const std::string& target, const std::string& body, const std::string& headers = "") {
    return ask("POST", target, headers + "Content-Type: application/json\r\n", body);
  }

  std::filesystem::path folder_;
  std::shared_ptr<accounts::AccountService> accounts_ = std::make_shared<accounts::AccountService>(
      std::make_shared<accounts::FakeAccountStore>(), accounts::OpenMode::on);
  asio::io_context contexts_[2]{asio::io_context(1), asio::io_context(1)};
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::vector<std::thread> threads_;
  std::shared_ptr<socketio::Server> socketio_;
  std::shared_ptr<Listener> listener_;
  std::mutex mutex_;
  std::vector<std::string> registered_;
};

TEST_F(ListenerTest, TheContractsRequests) {
  start();
  for (int i = 0; i < 2; ++i) {
    const auto answer = post("/register", R"({"username":"alice","email":"a@b"})");
    EXPECT_EQ(answer.result_int(), 200u);
    EXPECT_EQ(answer.body(), R"({"message":"User alice registered successfully."})");
    EXPECT_EQ(answer.count(beast::http::field::set_cookie), 0u);
  }
  EXPECT_EQ(registered_, std::vector<std::string>{"alice"});
  const auto login = post("/login", R"({"email":"a@b"})");
  EXPECT_EQ(login.result_int(), 200u);
  EXPECT_EQ(login.body(), R"({"container_id":"alice"})");
  const auto unknown = post("/login", R"({"email":"nobody"})");
  EXPECT_EQ(unknown.result_int(), 404u);
  EXPECT_EQ(unknown.body(), R"({"error":"User not found"})");
}

TEST_F(ListenerTest, TheCookieLeadsToTheAccountUntilLogout) {
  start();
  EXPECT_EQ(ask("GET", "/api/v1/account").result_int(), 401u);
  post("/register", R"({"username":"Alice","email":"a@b","password":"correct horse"})");
  EXPECT_EQ(post("/login", R"({"email":"a@b"})").result_int(), 401u);
  EXPECT_EQ(post("/login", R"({"email":"a@b","password":"wrong horse"})").result_int(), 401u);
  const auto login = post("/login", R"({"email":"a@b","password":"correct horse"})");
  const std::string set_cookie(login[beast::http::field::set_cookie]);
  EXPECT_NE(set_cookie.find("; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"), std::string::npos) << set_cookie;
  const std::string cookie = "Cookie: " + set_cookie.substr(0, set_cookie.find(';')) + "\r\n";
  const auto account = ask("GET", "/api/v1/account", cookie);
  EXPECT_EQ(account.body(), R"({"username":"Alice","email":"a@b","container_id":"alice","has_password":true})");
  const auto logout = ask("POST", "/logout", cookie);
  EXPECT_EQ(logout.result_int(), 200u);
  EXPECT_NE(std::string(logout[beast::http::field::set_cookie]).find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(ask("GET", "/api/v1/account", cookie).result_int(), 401u);
}

TEST_F(ListenerTest, BadBodiesGetAClearAnswer) {
  start();
  const std::pair<std::string, std::string> cases[] = {
      {"", "not JSON"},
      {"username=a", "not JSON"},
      {"[]", "must be a JSON object"},
      {R"({"username":"a"})", "email is missing."},
      {R"({"email":"a"})", "username is missing."},
      {R"({"username":1,"email":"a"})", "username must be a string."},
      {R"({"username":"a","email":["a"]})", "email must be a string."},
      {R"({"username":"a","email":"a","password":null})", "password must be a string."},
      {R"({"username":"","email":"a"})", "username is empty."},
      {R"({"username":"a\u0000","email":"a"})", "username has a control character"},
      {R"({"username":")" + std::string(10'000, 'a') + R"(","email":"a"})", "username is too long"},
  };
  for (const auto& [body, error] : cases) {
    const auto answer = post("/register", body);
    EXPECT_EQ(answer.result_int(), 400u) << body;
    EXPECT_NE(answer.body().find(error), std::string::npos) << answer.body();
    EXPECT_TRUE(answer.body().starts_with("{\"error\":")) << answer.body();
  }
  EXPECT_TRUE(registered_.empty());
}

TEST_F(ListenerTest, WithoutABackendRegistrationSaysSo) {
  start({}, "No sandbox backend is configured.");
  const auto answer = post("/register", R"({"username":"alice","email":"a@b"})");
  EXPECT_EQ(answer.result_int(), 503u);
  EXPECT_EQ(answer.body(), R"({"error":"No sandbox backend is configured."})");
  EXPECT_EQ(post("/login", R"({"email":"a@b"})").result_int(), 404u);
}

TEST_F(ListenerTest, OtherMethodsAndAddresses) {
  start();
  const auto wrong = ask("GET", "/register");
  EXPECT_EQ(wrong.result_int(), 405u);
  EXPECT_EQ(wrong[beast::http::field::allow], "POST");
  EXPECT_EQ(ask("DELETE", "/").result_int(), 405u);
  EXPECT_EQ(ask("POST", "/nothing").result_int(), 404u);
  EXPECT_EQ(ask("GET", "/nothing").body(), R"({"error":"There is nothing at this address."})");
  EXPECT_EQ(ask("GET", "http://localhost:5000/").result_int(), 400u);
  EXPECT_EQ(ask("GET", "/healthz?x=1").body(), R"({"status":"ok"})");
}

TEST_F(ListenerTest, ThePageAndItsFiles) {
  start();
  const auto page = ask("GET", "/");
  EXPECT_EQ(page.body(), "<!doctype html>");
  EXPECT_EQ(page[beast::http::field::content_type], "text/html; charset=utf-8");
  EXPECT_EQ(page[beast::http::field::cache_control], "no-cache");
  EXPECT_EQ(page["X-Frame-Options"], "DENY");
  EXPECT_TRUE(page["Content-Security-Policy"].starts_with("default-src 'self'"));
  const auto again = ask("GET", "/", "If-None-Match: " + std::string(page[beast::http::field::etag]) + "\r\n");
  EXPECT_EQ(again.result_int(), 304u);
  const auto head = ask("HEAD", "/");
  EXPECT_EQ(head[beast::http::field::content_length], "15");
  const auto script = ask("GET", "/assets/main-1a2b.js");
  EXPECT_EQ(script.body(), "plain");
  EXPECT_EQ(script[beast::http::field::cache_control], "public, max-age=31536000, immutable");
  const auto packed = ask("GET", "/assets/main-1a2b.js", "Accept-Encoding: br, gzip\r\n");
  EXPECT_EQ(packed.body(), "gzipped");
  EXPECT_EQ(packed[beast::http::field::content_encoding], "gzip");
  EXPECT_EQ(packed[beast::http::field::content_type], "text/javascript; charset=utf-8");
  EXPECT_EQ(ask("GET", "/assets/main-1a2b.js", "Accept-Encoding: gzip;q=0\r\n").body(), "plain");
}

TEST_F(ListenerTest, NoPathLeavesTheFolder) {
  start();
  for (const char* path : {"/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
                           "/..\\secret.txt", "//secret.txt", "/./index.html", "/.env", "/assets", "/assets/",
                           "/index.html/", "/index.html%00.js", "/assets//main-1a2b.js", "//etc/passwd"}) {
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer.result_int(), 404u) << path;
    EXPECT_EQ(answer.body().find("secret"), std::string::npos) << path;
  }
}

TEST_F(ListenerTest, APageThatIsNotBuiltIsSaidSo) {
  std::filesystem::remove(folder_ / "dist" / "index.html");
  start();
  const auto answer = ask("GET", "/");
  EXPECT_EQ(answer.result_int(), 503u);
  EXPECT_NE(answer.body().find("not built"), std::string::npos);
}

TEST_F(ListenerTest, ForeignHostsAndOriginsAreRefusedEverywhere) {
  start();
  for (const char* path : {"/", "/healthz", "/register", "/socket.io/?EIO=4&transport=polling"}) {
    Client rebound = client();
    rebound.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: evil.example:5000\r\n\r\n");
    EXPECT_EQ(rebound.read().result_int(), 403u) << path;
    const auto foreign = ask("GET", path, "Origin: http://evil.example\r\n");
    EXPECT_EQ(foreign.result_int(), 403u) << path;
    EXPECT_NE(foreign.body().find("FORGE_ALLOWED_ORIGINS"), std::string::npos);
    EXPECT_EQ(ask("GET", path, "Origin: null\r\n").result_int(), 403u) << path;
  }
  Client websocket = client();
  const auto refused = websocket.ask("GET", "/socket.io/?EIO=4&transport=websocket",
                                     "Origin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  EXPECT_EQ(refused.result_int(), 403u);
  EXPECT_EQ(ask("GET", "/healthz", "Origin: http://localhost:5000\r\n").result_int(), 200u);
}

TEST_F(ListenerTest, AllowedOriginsGetCorsHeaders) {
  start();
  const auto preflight = ask("OPTIONS", "/login", "Origin: https://app.example\r\n");
  EXPECT_EQ(preflight.result_int(), 204u);
  EXPECT_EQ(preflight[beast::http::field::access_control_allow_origin], "https://app.example");
  const auto answer = ask("GET", "/healthz", "Origin: https://app.example\r\n");
  EXPECT_EQ(answer[beast::http::field::access_control_allow_credentials], "true");
  EXPECT_EQ(ask("GET", "/healthz").count(beast::http::field::access_control_allow_origin), 0u);
}

TEST_F(ListenerTest, OneConnectionTakesManyRequestsAlsoAtOnce) {
  start();
  Client one = client();
  EXPECT_EQ(one.ask("GET", "/healthz").result_int(), 200u);
  std::string many;
  for (int i = 0; i < 50; ++i) many += "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  one.send(many);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(one.read().result_int(), 200u) << i;
  EXPECT_EQ(one.ask("GET", "/healthz", "Connection: close\r\n").result_int(), 200u);
  EXPECT_TRUE(one.closed());
}

TEST_F(ListenerTest, TooMuchIsRefused) {
  start();
  EXPECT_EQ(ask("GET", "/healthz", "X: " + std::string(70'000, 'a') + "\r\n").result_int(), 431u);
  Client declared = client();
  declared.send("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n");
  EXPECT_EQ(declared.read().result_int(), 413u);
  EXPECT_TRUE(declared.closed());
  Client chunked = client();
  chunked.send("POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n");
  chunked.send(std::string(0x200000, 'a'));
  EXPECT_EQ(chunked.read().result_int(), 413u);
  Client absurd = client();
  absurd.send("POST /socket.io/?EIO=4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n");
  EXPECT_EQ(absurd.read().result_int(), 413u);
}

TEST_F(ListenerTest, WhatIsNotHttpIsRefused) {
  start();
  for (const char* bytes : {"hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
                            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                            "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    Client one = client();
    one.send(bytes);
    one.send("\r\n\r\n");
    EXPECT_EQ(one.read().result_int(), 400u) << bytes;
    EXPECT_TRUE(one.closed());
  }
}

TEST_F(ListenerTest, ContinueIsSaidToThoseWhoWait) {
  start();
  Client one = client();
  one.send("POST /login HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n");
  std::string head;
  asio::read_until(one.socket(), asio::dynamic_buffer(head), "\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 100 "));
  one.send(R"({"email":"x"})");
  EXPECT_EQ(one.read().result_int(), 404u);
}

TEST_F(ListenerTest, SlowHeadersEnd) {
  start({.idle_timeout = std::chrono::milliseconds(200)});
  Client silent = client();
  EXPECT_TRUE(silent.closed());
  Client slow = client();
  slow.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_TRUE(slow.closed());
}

TEST_F(ListenerTest, BeyondTheLimitConnectionsAreToldSo) {
  start({.connections_max = 2});
  Client first = client(), second = client();
  EXPECT_EQ(first.ask("GET", "/healthz").result_int(), 200u);
  EXPECT_EQ(second.ask("GET", "/healthz").result_int(), 200u);
  EXPECT_EQ(listener_->connections(), 2u);
  Client third = client();
  const auto refused = third.read();
  EXPECT_EQ(refused.result_int(), 503u);
  EXPECT_EQ(refused.body(), R"({"error":"Too many connections; try again in a while."})");
  EXPECT_TRUE(third.closed());
}

TEST_F(ListenerTest, StoppingEndsIdleConnections) {
  start();
  Client idle = client();
  EXPECT_EQ(idle.ask("GET", "/healthz").result_int(), 200u);
  listener_->stop();
  EXPECT_TRUE(idle.closed());
}

TEST_F(ListenerTest, SocketIoIsHandedOn) {
  start();
  const auto polling = ask("GET", "/socket.io/?EIO=4&transport=polling");
  EXPECT_EQ(polling.result_int(), 200u);
  EXPECT_TRUE(polling.body().starts_with("0{\"sid\"")) << polling.body();
  asio::io_context context;
  beast::websocket::stream<tcp::socket> websocket(context);
  websocket.next_layer().connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), listener_->endpoint().port()));
  websocket.handshake("localhost:5000", "/socket.io/?EIO=4&transport=websocket");
  beast::flat_buffer message;
  websocket.read(message);
  EXPECT_TRUE(beast::buffers_to_string(message.data()).starts_with("0{\"sid\""));
}

TEST(Listen, NamesATakenPortAndItsSetting) {
  asio::io_context context;
  tcp::acceptor taken(context, {asio::ip::make_address("127.0.0.1"), 0});
  const std::uint16_t port = taken.local_endpoint().port();
  const auto listener = listen({context.get_executor()}, {.port = port}, {});
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Errc::address_in_use);
  EXPECT_NE(listener.error().message().find("Port " + std::to_string(port)), std::string::npos);
  EXPECT_NE(listener.error().message().find("set PORT to another"), std::string::npos);
}

TEST(Listen, KnowsAddressesFromNames) {
  EXPECT_TRUE(endpoint_of("127.0.0.1", 1)->address().is_loopback());
  EXPECT_TRUE(endpoint_of("localhost", 1)->address().is_loopback());
  EXPECT_TRUE(endpoint_of("::1", 1)->address().is_loopback());
  EXPECT_FALSE(endpoint_of("0.0.0.0", 1)->address().is_loopback());
  for (const char* bad : {"", "example.org", "127.0.0.1:5000", "256.0.0.1"}) {
    const auto endpoint = endpoint_of(bad, 1);
    ASSERT_FALSE(endpoint) << bad;
    EXPECT_NE(endpoint.error().message().find("FORGE_LISTEN"), std::string::npos);
  }
}

}  // namespace
}  // namespace gateway::http

#include "gateway/http/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <optional>

#include "gateway/http/answers.h"

namespace gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;
using beast::http::verb;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Clock = std::chrono::steady_clock;

std::chrono::milliseconds transfer_time(std::size_t bytes) {
  return std::chrono::milliseconds(1000 * bytes / kBytesPerSecondMin);
}

// What is said to a request that could not be read; nothing where nobody listens any more.
std::optional<Response> answer_to_broken(const boost::system::error_code& code, const Request& request) {
  using beast::http::error;
  if (code == error::header_limit || code == error::buffer_overflow) {
    return error_answer(request, Status::request_header_fields_too_large, "The request's header is over 64 KiB.");
  }
  if (code == error::body_limit) {
    return error_answer(request, Status::payload_too_large, "The request's body is too large.");
  }
  if (code == error::end_of_stream || code == error::partial_message) return std::nullopt;
  if (code.category() != make_error_code(error::end_of_stream).category()) return std::nullopt;
  return error_answer(request, Status::bad_request, "This is not a request of HTTP/1.1 (" + code.message() + ").");
}

std::string loggable(std::string_view target) {
  std::string path(target.substr(0, target.find('?')));
  for (char& c : path) {
    if (c < ' ' || c > '~') c = '?';
  }
  return path;
}

}  // namespace

// One connection: reads a request, answers it, and so on. Everything but finish() runs on its executor, which is
// single-threaded.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, std::shared_ptr<ConnectionGroup> group)
      : group_(std::move(group)), executor_(socket.get_executor()), stream_(std::move(socket)) {
    boost::system::error_code error;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
    const auto endpoint = stream_.socket().remote_endpoint(error);
    if (!error) address_ = endpoint.address().to_string();
  }

  asio::awaitable<void> run() {
    for (bool goes_on = true; goes_on && !finishing_;) goes_on = co_await serve_one();
    if (upgrade_) co_return co_await upgrade();
    boost::system::error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    co_await drain();
    stream_.close();
  }

  // From any thread: ends after the current answer.
  void finish() {
    asio::post(executor_, [self = shared_from_this()] {
      self->finishing_ = true;
      if (self->idle_) self->stream_.close();
    });
  }

 private:
  // False where the connection ends.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(std::max(group_->options().socketio_body_bytes_max, kApiBodyBytesMax));
    boost::system::error_code error;
    stream_.expires_after(group_->options().idle_timeout);
    idle_ = true;
    co_await beast::http::async_read_header(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    idle_ = false;
    if (!error) error = co_await read_body(parser);
    if (error) {
      auto broken = answer_to_broken(error, parser.get());
      if (broken) co_await write(std::move(*broken), parser.get(), false);
      co_return false;
    }
    co_return co_await dispatch(parser.release());
  }

  asio::awaitable<boost::system::error_code> read_body(Parser& parser) {
    const Request& head = parser.get();
    const bool socketio = group_->parts().socketio->handles(head);
    const std::size_t limit = socketio ? group_->options().socketio_body_bytes_max : kApiBodyBytesMax;
    boost::system::error_code error;
    // Who is not let in is answered without the body.
    if (!group_->parts().door->refuse(head).empty()) co_return error;
    if (parser.content_length().value_or(0) > limit)
      co_return beast::http::make_error_code(beast::http::error::body_limit);
    parser.body_limit(limit);
    if (parser.is_done()) co_return error;
    stream_.expires_after(group_->options().idle_timeout + transfer_time(limit));
    if (beast::iequals(head[field::expect], "100-continue")) {
      const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(go_on), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return error;
    }
    co_await beast::http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  // Called with nothing else of the connection on the stack: a WebSocket may idle for days, and all that lives costs.
  asio::awaitable<void> upgrade() {
    Request request = std::move(*upgrade_);
    upgrade_.reset();
    std::string leftover = beast::buffers_to_string(buffer_.data());
    buffer_.clear();
    buffer_.shrink_to_fit();
    co_await group_->parts().socketio->handle_upgrade(stream_.release_socket(), std::move(request), std::move(leftover),
                                                      address_);
  }

  asio::awaitable<bool> dispatch(Request request) {
    const auto begin = Clock::now();
    const ListenerParts& parts = group_->parts();
    stream_.expires_never();
    const std::string refused = parts.door->refuse(request);
    const bool socketio = parts.socketio->handles(request);
    if (!refused.empty()) {
      // The body was not read, so what follows cannot be told from it.
      Response answer = error_answer(request, Status::forbidden, refused);
      co_return co_await finish_answer(std::move(answer), request, false, begin);
    }
    const auto cors = parts.door->cors_origin(request);
    if (cors && request.method() == verb::options) {
      Response answer = preflight(request);
      co_return co_await finish_answer(std::move(answer), request, request.keep_alive(), begin);
    }
    if (socketio && beast::websocket::is_upgrade(request)) {
      upgrade_ = std::move(request);
      co_return false;
    }
    const bool keep_alive = request.keep_alive();
    Response answer;  // GCC 12 destroys what a ?: of two co_await gives twice
    if (socketio) {
      answer = co_await parts.socketio->handle(request, address_);
    } else {
      answer = co_await parts.routes->answer(request);
    }
    co_return co_await finish_answer(std::move(answer), request, keep_alive, begin);
  }

  Response preflight(const Request& request) const {
    Response response = empty_answer(request, Status::no_content);
    response.set(field::access_control_allow_methods, "GET, HEAD, POST");
    response.set(field::access_control_allow_headers, "Content-Type");
    response.set(field::access_control_max_age, "600");
    return response;
  }

  asio::awaitable<bool> finish_answer(Response answer, const Request& request, bool keep_alive,
                                      Clock::time_point begin) {
    if (const auto origin = group_->parts().door->cors_origin(request)) {
      answer.set(field::access_control_allow_origin, *origin);
      answer.set(field::access_control_allow_credentials, "true");
      answer.insert(field::vary, "Origin");
    }
    const auto status = answer.result_int();
    const bool goes_on = co_await write(std::move(answer), request, keep_alive && !finishing_);
    if (group_->parts().log) {
      const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
      group_->log(base::LogLevel::debug, address_ + " " + std::string(request.method_string()) + " " +
                                             loggable(request.target()) + " " + std::to_string(status) + " " +
                                             std::to_string(time.count()) + " ms");
    }
    co_return goes_on;
  }

  asio::awaitable<bool> write(Response answer, const Request& request, bool keep_alive) {
    add_security_headers(answer);
    answer.keep_alive(keep_alive);
    const bool has_body = answer.result() != Status::not_modified && answer.result() != Status::no_content;
    if (has_body) answer.prepare_payload();
    if (request.method() == verb::head) answer.body().clear();
    boost::system::error_code error;
    stream_.expires_after(group_->options().idle_timeout + transfer_time(answer.body().size()));
    beast::http::response_serializer<beast::http::string_body> serializer(answer);
    if (request.method() == verb::head || !has_body) {
      co_await beast::http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await beast::http::async_write(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
    }
    co_return !error && answer.keep_alive();
  }

  // Reads on for a moment: closing with bytes unread would reset the connection, and the answer could be lost.
  asio::awaitable<void> drain() {
    boost::system::error_code error;
    stream_.expires_after(std::chrono::seconds(2));
    std::array<char, 4096> bytes;
    for (int i = 0; !error && i < 1024; ++i) {
      co_await stream_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  std::shared_ptr<ConnectionGroup> group_;
  asio::any_io_executor executor_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kHeaderBytesMax + 1};
  std::string address_;
  std::optional<Request> upgrade_;
  bool idle_ = false;
  bool finishing_ = false;
};

void ConnectionGroup::begin(asio::ip::tcp::socket socket, const asio::any_io_executor& executor) {
  if (size_ >= options_.connections_max) {
    static constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 55\r\n"
        "Connection: close\r\n\r\n{\"error\":\"Too many connections; try again in a while.\"}";
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kFull), ignored);
    return;
  }
  ++size_;
  auto connection = std::make_shared<Connection>(std::move(socket), shared_from_this());
  {
    const std::lock_guard lock(mutex_);
    connections_.emplace(connection.get(), connection);
    if (stopping_) connection->finish();
  }
  asio::co_spawn(executor, serve(shared_from_this(), std::move(connection)), asio::detached);
}

asio::awaitable<void> ConnectionGroup::serve(std::shared_ptr<ConnectionGroup> group,
                                             std::shared_ptr<Connection> connection) {
  try {
    co_await connection->run();
  } catch (const std::exception& exception) {
    group->log(base::LogLevel::error, std::string("a connection ended by an exception: ") + exception.what());
  }
  const std::lock_guard lock(group->mutex_);
  group->connections_.erase(connection.get());
  --group->size_;
}

void ConnectionGroup::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const auto& [key, weak] : connections_) {
    if (const auto connection = weak.lock()) connection->finish();
  }
}

}  // namespace gateway::http

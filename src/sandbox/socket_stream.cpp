#include "sandbox/socket_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace sandbox {
namespace {

namespace asio = boost::asio;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr const char* kEnded = "the connection to the sandbox ended";

class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(asio::local::stream_protocol::socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<base::Result<std::size_t>> read_some(asio::mutable_buffer into) override {
    const auto [error, count] = co_await socket_.async_read_some(into, kAsTuple);
    if (error) co_return base::Error{error, kEnded};
    co_return count;
  }

  asio::awaitable<base::Result<void>> write(std::span<const asio::const_buffer> buffers) override {
    const auto [error, count] = co_await asio::async_write(socket_, buffers, kAsTuple);
    if (error) co_return base::Error{error, kEnded};
    co_return base::Result<void>();
  }

  void close() override {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_both, ignored);  // ends it also where a child inherited it
    socket_.close(ignored);
  }

 private:
  asio::local::stream_protocol::socket socket_;
};

}  // namespace

std::unique_ptr<ByteStream> make_socket_stream(asio::local::stream_protocol::socket socket) {
  return std::make_unique<SocketStream>(std::move(socket));
}

}  // namespace sandbox

#pragma once

// Streams for tests: two ends of one, and one that breaks where a test wants it.

#include <sys/socket.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/socket_stream.h"
#include "sandbox/spawner.h"

namespace sandbox {

using StreamPair = std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>>;

inline StreamPair make_stream_pair(const boost::asio::any_io_executor& executor) {
  using Socket = boost::asio::local::stream_protocol::socket;
  Socket one(executor), other(executor);
  boost::asio::local::connect_pair(one, other);
  return {make_socket_stream(std::move(one)), make_socket_stream(std::move(other))};
}

struct Faults {
  std::size_t writes_until_cut = std::numeric_limits<std::size_t>::max();  // bytes; then the stream ends
  std::size_t reads_until_cut = std::numeric_limits<std::size_t>::max();
  std::size_t bytes_at_once = std::numeric_limits<std::size_t>::max();  // of a write; the rest follows later
};

class FaultyStream final : public ByteStream {
 public:
  FaultyStream(std::unique_ptr<ByteStream> stream, Faults faults) : stream_(std::move(stream)), faults_(faults) {}

  boost::asio::awaitable<base::Result<std::size_t>> read_some(boost::asio::mutable_buffer into) override {
    if (faults_.reads_until_cut == 0) {
      stream_->close();
      co_return base::fail(Errc::lost, "cut");
    }
    const auto got = co_await stream_->read_some(boost::asio::buffer(into, faults_.reads_until_cut));
    if (got) faults_.reads_until_cut -= *got;
    co_return got;
  }

  boost::asio::awaitable<base::Result<void>> write(std::span<const boost::asio::const_buffer> buffers) override {
    for (boost::asio::const_buffer buffer : buffers) {
      while (buffer.size() > 0) {
        if (faults_.writes_until_cut == 0) {
          stream_->close();
          co_return base::fail(Errc::lost, "cut");
        }
        const auto part = boost::asio::buffer(buffer, std::min(faults_.bytes_at_once, faults_.writes_until_cut));
        if (auto written = co_await stream_->write({&part, 1}); !written) co_return written;
        faults_.writes_until_cut -= part.size();
        buffer += part.size();
        co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
      }
    }
    co_return base::Result<void>();
  }

  void close() override { stream_->close(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  Faults faults_;
};

}  // namespace sandbox

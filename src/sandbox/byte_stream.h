#pragma once

// ByteStream: the way to the agent in a sandbox, whatever carries it.

#include <cstddef>
#include <span>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include "base/result.h"

namespace sandbox {

// One read and one write may be outstanding at a time. Used on the executor it was made with.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // At least one byte; an error where the other side has closed (boost::asio::error::eof) or the stream was closed
  // here.
  virtual boost::asio::awaitable<base::Result<std::size_t>> read_some(boost::asio::mutable_buffer into) = 0;

  // All bytes or an error.
  virtual boost::asio::awaitable<base::Result<void>> write(std::span<const boost::asio::const_buffer> buffers) = 0;

  // Ends both directions; what is outstanding completes with an error.
  virtual void close() = 0;
};

}  // namespace sandbox

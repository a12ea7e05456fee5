#pragma once

#include <memory>

#include <boost/asio/local/stream_protocol.hpp>

#include "sandbox/byte_stream.h"

namespace sandbox {

// A ByteStream over a connected Unix socket, on the socket's executor.
std::unique_ptr<ByteStream> make_socket_stream(boost::asio::local::stream_protocol::socket socket);

}  // namespace sandbox

#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "sandbox/byte_stream.h"

namespace sandbox::local {

// A stream to the Unix socket `name` in `folder`, whatever the length of its path.
boost::asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> connect_unix(std::string folder, std::string name);

// Whether somebody listens there.
bool is_listening(const std::string& folder, const std::string& name);

}  // namespace sandbox::local

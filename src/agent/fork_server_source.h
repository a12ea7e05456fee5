#pragma once

#include <string_view>

namespace agent {

// The text of python/fork_server.py, built in.
std::string_view fork_server_source();

}  // namespace agent

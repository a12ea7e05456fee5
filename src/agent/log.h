#pragma once

#include <string_view>

namespace agent {

// One line to stderr, where the container's log is. Never blocks for long and never fails.
void log_line(std::string_view text);

}  // namespace agent

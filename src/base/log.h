#pragma once

// A log's sink as a value: what wants to log is given one by its maker.

#include <functional>
#include <string_view>

namespace base {

enum class LogLevel { debug, info, warning, error };

// Thread-safe. One line a call, without its end; never a secret.
using Logger = std::function<void(LogLevel, std::string_view line)>;

}  // namespace base

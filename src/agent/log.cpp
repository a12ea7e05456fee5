#include "agent/log.h"

#include <unistd.h>

#include <string>

namespace agent {

void log_line(std::string_view text) {
  const std::string line = "forge-agent: " + std::string(text) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace agent

#include "agent/log.h"

#include <unistd.h>

#include <string>

#include "agent/limits.h"
#include "agent/reasons.h"

namespace agent {

// The code can make the agent complain, and the log lies on the host's disk.
void log_line(std::string_view text) {
  static int left = kLogLinesMax;
  if (left <= 0) {
    return;
  }
  std::string line = "forge-agent: " + plain_words(text, kLogLineBytesMax) + "\n";
  if (--left == 0) {
    line += "forge-agent: that was the last line; a sandbox has no more than " + std::to_string(kLogLinesMax) + "\n";
  }
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace agent

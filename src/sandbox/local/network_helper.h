#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "sandbox/local/limits.h"
#include "sandbox/local/unique_fd.h"

namespace sandbox::local {

// A sandbox's way out: slirp4netns, a process beside it that nobody need end. It ends by itself with the container,
// whose processes alone hold the other end of a pipe that it watches.
class NetworkHelper {
 public:
  // The container's standard input is `container_end`.
  struct Leash {
    UniqueFd helper_end, container_end;
    UniqueFd ready, ready_told;  // the helper writes to the second when the way out is there
  };
  static base::Result<Leash> make_leash();

  // Closes what `rules` close in the network namespace of process `pid`, before anything runs in there. Blocks.
  static base::Result<void> apply_rules(int pid, const std::string& rules);

  // Starts it and does not wait; gives its process id. It complains to `log_fd`.
  static base::Result<int> start(int pid, Leash& leash, int log_fd);
  // Blocks until the way out is there, or the helper ended, or for so long.
  static base::Result<void> await_ready(const Leash& leash, std::chrono::milliseconds wait_max = kNetworkDeadline);
};

}  // namespace sandbox::local

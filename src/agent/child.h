#pragma once

// Starts the fork server's process: the only fork of the agent.

#include <sys/types.h>

#include "agent/settings.h"

namespace agent {

// The descriptors become 3, 4 and 2 of the child; 0 and 1 are /dev/null. Returns its pid, or -1. What keeps it from
// running Python is written to `words`.
pid_t start_fork_server(const Settings& settings, int source, int control, int words);

}  // namespace agent

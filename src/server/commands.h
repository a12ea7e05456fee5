#pragma once

// The subcommands of `forge`. Each gives the process's exit status and says what went wrong in a sentence.

#include "server/settings.h"

namespace server {

// Runs until SIGINT or SIGTERM; sandboxes and their runs go on.
int serve(const Settings& settings);

int stop_sandboxes(const Settings& settings);

int doctor(const Settings& settings);

}  // namespace server

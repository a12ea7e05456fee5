#pragma once

// What several subcommands are put together from.

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "sandbox/local/local_options.h"
#include "sandbox/spawner.h"
#include "server/settings.h"

namespace server {

// The data folder, made where there is none.
base::Result<void> make_data_dir(const Settings& settings);

sandbox::local::LocalOptions local_options(const Settings& settings, base::Logger log);
std::shared_ptr<sandbox::Spawner> make_spawner(const Settings& settings, base::Logger log);

// A sentence that says what is missing here for sandboxes; empty where nothing is.
std::string why_no_sandboxes(const Settings& settings);

}  // namespace server

#pragma once

#include <string>

#include "base/log.h"

namespace server {

// Lines on standard error, with time and level; `level` as in Settings::log_level.
base::Logger make_logger(const std::string& level);

}  // namespace server

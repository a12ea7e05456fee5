#pragma once

// What this machine has for local sandboxes.

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/local/local_options.h"

namespace sandbox::local {

enum class CgroupMode { none, v1, hybrid, v2 };
CgroupMode cgroup_mode();

// Whether v1's limit for memory and swap together exists; v2 counts swap apart.
bool swap_is_limited();

// Whether a user namespace's root may set the bounds of its own System V shared memory: since Linux 5.19.
bool shared_memory_is_limited();

struct Finding {
  enum class Level { good, warning, problem };
  Level level = Level::good;
  std::string text;  // what is so and, unless good, what to do
};

// Everything that start() would stumble over, and what it would do without. Blocks; changes nothing.
std::vector<Finding> check(const LocalOptions& options);

// The runtime's path, or what is missing in one line.
base::Result<std::string> choose_runtime(const LocalOptions& options);

// The first problem among the findings, as an error.
base::Result<void> require_host(const LocalOptions& options);

// Empty, or why sandboxes get no network here.
std::string network_obstacle();

// The first folder on the way to `path` that other users may not enter; empty where all can be.
std::string unsearchable_folder(const std::string& path);

}  // namespace sandbox::local

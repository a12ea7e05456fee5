#pragma once

// What the sandbox's control group and /proc say about memory.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace agent {

// Works on cgroup v1, hybrid and v2, as they are seen from inside a container.
class MemoryGroup {
 public:
  explicit MemoryGroup(std::string root = "/sys/fs/cgroup") : root_(std::move(root)) {}

  std::optional<std::uint64_t> used_bytes() const;
  std::optional<std::uint64_t> oom_kills() const;  // processes killed for want of memory so far

 private:
  std::string root_;
};

std::uint64_t resident_bytes(pid_t pid);      // 0 where it cannot be read
std::uint64_t proportional_bytes(pid_t pid);  // shared pages counted by their share; the resident ones where unknown

}  // namespace agent

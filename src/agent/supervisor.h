#pragma once

// Supervisor: the process above one run. It gathers what the run forks and reports the interpreter's end; a program of
// its own (`forge-agent supervise`), so that it holds nothing of Python and cannot be read by the code.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agent {

inline constexpr int kSupervisorSocket = 3;

struct SupervisorReport {
  std::int32_t wait_status = 0;
  std::uint64_t cpu_us = 0;
  std::uint64_t memory_peak_bytes = 0;  // of its largest process
  bool children_left = false;
};

std::string encode_report(const SupervisorReport& report);
std::optional<SupervisorReport> decode_report(std::string_view bytes);

// The whole of `supervise`: returns the exit code once nothing is left below it, or its agent has gone.
int supervise(pid_t interpreter);

}  // namespace agent

#pragma once

// What a sandbox may use, and the bounds of this folder's own queues.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sandbox {

struct Limits {
  std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;  // no swap beyond it
  double cpus_max = 1.0;
  std::uint32_t processes_max = 256;
  std::uint64_t journal_bytes_max = std::uint64_t{16} << 20;    // of one execution
  std::uint64_t journals_bytes_max = std::uint64_t{256} << 20;  // of all of the sandbox's executions
  std::chrono::seconds idle_stop{30 * 60};                      // no execution and no request for so long
  std::chrono::milliseconds run_time_max{0};                    // 0: no limit
};

inline constexpr std::size_t kCodeBytesMax = std::size_t{10} << 20;
inline constexpr std::size_t kAttachWindowBytes = std::size_t{4} << 20;
inline constexpr std::size_t kInputBytesMax = std::size_t{32} << 20;  // accepted and not yet read by the program
inline constexpr std::size_t kExecutionsRunningMax = 16;              // in one sandbox at once

inline constexpr std::size_t kLinkOutboxBytesMax = std::size_t{64} << 20;  // the agent takes no more: too_many
inline constexpr std::size_t kPackedBytesMax = std::size_t{64} << 10;      // small pieces of output that wait together

// When a link looks after itself, and how long it waits. Tests take shorter times.
struct LinkTimes {
  std::chrono::milliseconds look_every{5'000};
  std::chrono::milliseconds silence_max{45'000};  // something is awaited and the agent says nothing: lost
  std::chrono::milliseconds idle_max{60'000};     // nothing is awaited: closed
  std::chrono::milliseconds attach_max{30'000};   // an attachment that is asked for
};

}  // namespace sandbox

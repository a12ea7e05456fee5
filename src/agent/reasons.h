#pragma once

// How an execution ended, in plain words.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/agent.pb.h"

namespace agent {

// An end that was decided before the interpreter had ended, as a stop or a limit.
struct End {
  wire::Status status = wire::STATUS_UNSPECIFIED;
  std::string reason;
};

// What a stranger said, as valid UTF-8 of at most `bytes_max` bytes and one line; other bytes show as "?".
std::string plain_words(std::string_view text, std::size_t bytes_max);

std::string size_in_words(std::uint64_t bytes);                     // "1 GiB", "256 MiB", "1.5 GiB"
std::string duration_in_words(std::chrono::milliseconds duration);  // "60 s", "1.5 s", "250 ms"
std::string signal_in_words(int signal);                            // "signal 11 (segmentation fault)"
std::string out_of_memory_reason(std::uint64_t limit_bytes);
std::string time_limit_reason(std::chrono::milliseconds limit);

// What is known when the interpreter has ended.
struct Ended {
  int wait_status = 0;
  bool oom_kill_counted = false;  // the control group has counted a kill for want of memory during the run
  bool oom_kills_readable = false;
  std::uint64_t sampled_peak_bytes = 0;
  std::uint64_t memory_bytes_max = 0;
};

// Sets status, exit_code, signal and reason of `info`. `decided` is the end that was decided before, if any.
void set_end(wire::ExecutionInfo& info, const End& decided, const Ended& ended);

}  // namespace agent

#pragma once

// Settings: what `forge-agent serve` was told on its command line.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

struct Settings {
  std::string socket;
  std::string journal_dir;
  std::string home;
  std::string supervisor;  // this program as the code sees it
  std::string python = "python3";
  uid_t uid = 0;  // of the code
  gid_t gid = 0;
  std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;
  std::uint32_t processes_max = 256;
  std::uint64_t oom_kills_before = 0;  // by the control group of the agent before this one
  std::uint64_t journal_bytes_max = std::uint64_t{16} << 20;
  std::uint64_t journals_bytes_max = std::uint64_t{256} << 20;
  std::chrono::seconds idle_stop{30 * 60};    // 0: never
  std::chrono::milliseconds run_time_max{0};  // 0: no limit
  std::vector<std::string> environment;       // NAME=VALUE, after the fixed ones
};

std::string_view serve_usage();

// The arguments after `serve`; a sentence about what is wrong in `error`, empty where all is well.
Settings parse_settings(const std::vector<std::string>& arguments, std::string& error);

// The whole environment of the fork server, and so of every run.
std::vector<std::string> run_environment(const Settings& settings);

}  // namespace agent

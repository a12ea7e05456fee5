#pragma once

// Settings: what a person may choose, from flags, the environment, `.env` and a file, in that order.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/limits.h"

namespace CLI {
class App;
}

namespace server {

struct Settings {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 5000;
  std::filesystem::path data_dir = "var";
  std::filesystem::path image;   // the sandboxes' root file system; <data_dir>/image/rootfs
  std::filesystem::path agent;   // beside this binary
  std::filesystem::path web;     // the built page
  std::string runtime = "auto";  // runc, crun, runsc
  std::string network = "internet";
  std::vector<std::string> network_allow;
  std::filesystem::path ca_bundle;
  std::string open_mode = "auto";
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  unsigned threads = 0;  // 0: one per core
  std::string log_level = "info";

  std::uint64_t memory_mib = 1024;
  double cpus = 1.0;
  std::uint32_t processes = 256;
  std::uint64_t journal_mib = 16;
  std::uint64_t journals_mib = 256;
  std::uint32_t idle_minutes = 30;
  double run_seconds_max = 0;

  sandbox::Limits limits() const;
};

// Adds every setting to the command, with its flag, its name in the environment and its default.
void add_settings(CLI::App& command, Settings& settings);

// Fills in what depends on other settings and on where this program is.
void complete(Settings& settings, const std::filesystem::path& program);

// Sentences about the environment that the contract asks for, as FLASK_ENV=production on loopback alone; and about
// settings that this program does not know how to follow, which are errors.
struct Remarks {
  std::vector<std::string> warnings;
  std::vector<std::string> errors;
};
Remarks remarks_on(const Settings& settings);

}  // namespace server

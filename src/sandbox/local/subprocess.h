#pragma once

// Running the host's programs: argument lists, never a shell.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/local/unique_fd.h"

namespace sandbox::local {

using Argv = std::vector<std::string>;

struct CommandOptions {
  std::string input = {};  // to its standard input, where stdin_fd is not given
  int stdin_fd = -1;
  int output_fd = -1;                     // standard output and error go there; else they are captured
  std::chrono::milliseconds deadline{0};  // 0: kCommandDeadline
};

struct CommandResult {
  int exit_code = -1;  // 128 + signal where a signal ended it
  std::string output;  // standard output
  std::string error;   // standard error

  bool ok() const { return exit_code == 0; }
  // What it said last, without its end of line.
  std::string complaint() const;
};

// Blocks. A program that does not exist or passes the deadline is an Errc::unavailable or Errc::timeout. It runs in a
// session of its own, so that Ctrl-C in the server's terminal does not reach it.
base::Result<CommandResult> run_command(const Argv& argv, const CommandOptions& options = {});

// Starts a program that outlives this process and is nobody's child; gives its id. `fds` become its descriptors 3, 4 …
base::Result<int> start_detached(const Argv& argv, int output_fd, const std::vector<int>& fds);

// The program's path, looked for in PATH and where a distribution keeps those of root; empty where there is none.
std::string find_program(std::string_view name);

}  // namespace sandbox::local

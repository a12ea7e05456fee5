#pragma once

// RunTree: the processes below one, found by /proc: stops and kills all of a run, whatever it forked.

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <vector>

namespace agent {

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  char state = '?';
  int threads = 0;
  std::uint64_t resident_bytes = 0;
};

// One look at every process that can be seen. A look takes some 10 µs for each.
class ProcessTable {
 public:
  static ProcessTable read();

  std::vector<Process> descendants(pid_t root) const;  // without the root
  std::vector<Process> children(pid_t parent) const;
  const Process* find(pid_t pid) const;

 private:
  std::vector<Process> processes_;
};

// Stops everything below `root` until two looks agree, so that nothing is forked behind its back, then kills it.
// `root` itself goes on. A program that forks and exits without pause may outrun a call: repeat it until `root` has no
// child, which only `root` itself can tell for certain.
void kill_descendants(pid_t root);

// Kills children of this process that are not in `known`, with all below them.
void kill_strays(const std::set<pid_t>& known);

}  // namespace agent

#include "agent/run_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "agent/fd.h"
#include "agent/limits.h"

namespace agent {
namespace {

// proc(5), /proc/PID/stat: pid (comm) state ppid … rss is the 24th. The name may hold anything, so from its last ')'.
bool read_process(int proc, const char* name, Process& process) {
  char path[64];
  std::snprintf(path, sizeof path, "%s/stat", name);
  const Fd file(::openat(proc, path, O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t bytes = file ? ::read(file.get(), text, sizeof text - 1) : -1;
  if (bytes <= 0) {
    return false;
  }
  text[bytes] = '\0';
  const char* after_name = std::strrchr(text, ')');
  long resident_pages = 0;
  if (after_name == nullptr ||
      std::sscanf(after_name + 1,
                  " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                  &process.state, &process.parent, &resident_pages) != 3) {
    return false;
  }
  process.resident_bytes = static_cast<std::uint64_t>(resident_pages) * static_cast<std::uint64_t>(::getpagesize());
  return true;
}

bool alive(const Process& process) {
  return process.state != 'Z' && process.state != 'X';
}

void signal_all(const std::vector<Process>& processes, int signal) {
  for (const auto& process : processes) {
    if (alive(process) && process.pid > 1 && process.pid != ::getpid()) {
      ::kill(process.pid, signal);
    }
  }
}

}  // namespace

ProcessTable ProcessTable::read() {
  ProcessTable table;
  DIR* const proc = ::opendir("/proc");
  if (proc == nullptr) {
    return table;
  }
  while (const dirent* entry = ::readdir(proc)) {
    const std::string_view name = entry->d_name;
    Process process;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), process.pid);
    if (failed == std::errc{} && end == name.data() + name.size() &&
        read_process(::dirfd(proc), entry->d_name, process)) {
      table.processes_.push_back(process);
    }
  }
  ::closedir(proc);
  return table;
}

std::vector<Process> ProcessTable::children(pid_t parent) const {
  std::vector<Process> found;
  std::copy_if(processes_.begin(), processes_.end(), std::back_inserter(found),
               [&](const Process& process) { return process.parent == parent; });
  return found;
}

std::vector<Process> ProcessTable::descendants(pid_t root) const {
  std::vector<Process> found = children(root);
  for (std::size_t i = 0; i < found.size() && found.size() <= processes_.size(); ++i) {
    const auto below = children(found[i].pid);
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

const Process* ProcessTable::find(pid_t pid) const {
  const auto found =
      std::find_if(processes_.begin(), processes_.end(), [&](const Process& process) { return process.pid == pid; });
  return found == processes_.end() ? nullptr : &*found;
}

bool kill_descendants(pid_t root) {
  if (root <= 1) {
    return false;
  }
  std::set<pid_t> before;
  std::vector<Process> processes;
  for (int round = 0; round < kFreezeRoundsMax; ++round) {
    processes = ProcessTable::read().descendants(root);
    std::erase_if(processes, [](const Process& process) { return !alive(process); });
    signal_all(processes, SIGSTOP);
    std::set<pid_t> now;
    for (const auto& process : processes) {
      now.insert(process.pid);
    }
    if (now == before) {
      break;
    }
    before = std::move(now);
  }
  signal_all(processes, SIGKILL);
  return !processes.empty();
}

void kill_strays(const std::set<pid_t>& known) {
  for (int round = 0; round < kFreezeRoundsMax; ++round) {
    auto strays = ProcessTable::read().children(::getpid());
    std::erase_if(strays, [&](const Process& process) { return known.contains(process.pid) || !alive(process); });
    if (strays.empty()) {
      return;
    }
    for (const auto& stray : strays) {
      ::kill(stray.pid, SIGSTOP);
      kill_descendants(stray.pid);
    }
    signal_all(strays, SIGKILL);
  }
}

}  // namespace agent

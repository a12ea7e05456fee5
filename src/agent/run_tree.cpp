#include "agent/run_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "agent/fd.h"
#include "agent/limits.h"

namespace agent {
namespace {

// proc(5), /proc/PID/stat: pid (comm) state ppid …, num_threads is the 20th, rss the 24th. The name may hold anything,
// so from its last ')'.
bool read_process(int proc, const char* name, Process& process) {
  char path[280];
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
                  " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %*u %*u %ld",
                  &process.state, &process.parent, &process.group, &process.threads, &resident_pages) != 5) {
    return false;
  }
  process.resident_bytes = static_cast<std::uint64_t>(resident_pages) * static_cast<std::uint64_t>(::getpagesize());
  return true;
}

bool is_dead(const Process& process) {
  return process.state == 'Z' || process.state == 'X';
}

// A process whose main thread has ended looks dead, while its other threads go on.
bool alive(const Process& process) {
  return !is_dead(process) || process.threads > 1;
}

// proc(5), /proc/PID/task/TID/children. It takes microseconds where a look at all of /proc takes milliseconds, and what
// is hunted here moves. False where the kernel does not have it.
bool read_children(pid_t parent, std::vector<pid_t>& children) {
  const std::string tasks = "/proc/" + std::to_string(parent) + "/task";
  DIR* const folder = ::opendir(tasks.c_str());
  if (folder == nullptr) {
    return true;  // it has gone
  }
  bool known = true;
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] == '.') {
      continue;
    }
    const Fd file(::open((tasks + "/" + entry->d_name + "/children").c_str(), O_RDONLY | O_CLOEXEC));
    known = known && (file || errno != ENOENT || ::access((tasks + "/" + entry->d_name).c_str(), F_OK) != 0);
    char text[16384];
    const ssize_t bytes = file ? ::read(file.get(), text, sizeof text) : 0;
    for (const char* at = text; bytes > 0 && at < text + bytes;) {
      pid_t pid = 0;
      const auto [end, failed] = std::from_chars(at, static_cast<const char*>(text) + bytes, pid);
      if (failed == std::errc{}) {
        children.push_back(pid);
      }
      at = end + 1;
    }
  }
  ::closedir(folder);
  return known;
}

// The living below one process, and what was done to them.
class Hunt {
 public:
  explicit Hunt(pid_t root) : root_(root), spared_group_(::getpgid(root)) {}

  // Stops all that can be found now; true where nothing is left that goes on.
  bool stop_all() {
    found_.clear();
    moving_ = false;
    if (!visit(root_)) {
      table_visit();
    }
    return !moving_;
  }
  void kill_all() {
    for (const auto& [pid, process] : found_) {
      send(process, SIGKILL);
    }
  }

 private:
  void meet(const Process& process) {
    found_.emplace(process.pid, process);
    if (is_dead(process)) {
      send(process, SIGKILL);  // its threads never show as stopped
    } else if (process.state != 'T' && process.state != 't') {
      moving_ = true;
      send(process, SIGSTOP);
    }
  }

  bool visit(pid_t parent) {
    std::vector<pid_t> children;
    if (!read_children(parent, children)) {
      return false;
    }
    for (const pid_t child : children) {
      Process process;
      process.pid = child;
      if (!found_.contains(child) && read_process(AT_FDCWD, ("/proc/" + std::to_string(child)).c_str(), process) &&
          alive(process)) {
        meet(process);
        visit(child);
      }
    }
    return true;
  }

  void table_visit() {
    for (const auto& process : ProcessTable::read().descendants(root_)) {
      if (alive(process)) {
        meet(process);
      }
    }
  }

  // A run began a session and a group never leaves its session, so its groups are its own. Signalling a group reaches
  // also what is being forked this very moment.
  void send(const Process& process, int signal) const {
    if (process.pid > 1 && process.pid != ::getpid()) {
      ::kill(process.pid, signal);
      if (process.group > 1 && process.group != spared_group_ && process.group != ::getpgrp()) {
        ::kill(-process.group, signal);
      }
    }
  }

  pid_t root_;
  pid_t spared_group_;
  std::map<pid_t, Process> found_;
  bool moving_ = false;
};

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

void kill_descendants(pid_t root) {
  if (root <= 1) {
    return;
  }
  Hunt hunt(root);
  int quiet = 0;
  for (int round = 0; round < kFreezeRoundsMax && quiet < 2; ++round) {
    quiet = hunt.stop_all() ? quiet + 1 : 0;
  }
  hunt.kill_all();
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
    for (const auto& stray : strays) {
      ::kill(stray.pid, SIGKILL);
    }
  }
}

}  // namespace agent

#include "agent/supervisor.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "agent/run_tree.h"

namespace agent {
namespace {

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

template <class T>
T take(std::string_view& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[i])) << (8 * i);
  }
  in.remove_prefix(sizeof(T));
  return static_cast<T>(value);
}

constexpr int kKillAgainMs = 10;
constexpr std::size_t kReportBytes = 4 + 8 + 8 + 1;

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

void report_end(int wait_status, bool children_left) {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  SupervisorReport report;
  report.wait_status = wait_status;
  report.cpu_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
  report.memory_peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  report.children_left = children_left;
  const std::string bytes = encode_report(report);
  ::send(kSupervisorSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// False once there is no child any more.
bool reap(pid_t interpreter) {
  int interpreter_status = 0;
  bool interpreter_ended = false;
  pid_t pid = 0;
  int status = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == interpreter) {
      interpreter_ended = true;
      interpreter_status = status;
    }
  }
  const bool children_left = pid == 0;
  if (interpreter_ended) {
    report_end(interpreter_status, children_left);
  }
  return children_left;
}

}  // namespace

std::string encode_report(const SupervisorReport& report) {
  std::string out;
  put(out, static_cast<std::uint32_t>(report.wait_status));
  put(out, report.cpu_us);
  put(out, report.memory_peak_bytes);
  put(out, static_cast<std::uint8_t>(report.children_left));
  return out;
}

std::optional<SupervisorReport> decode_report(std::string_view bytes) {
  if (bytes.size() != kReportBytes) {
    return std::nullopt;
  }
  SupervisorReport report;
  report.wait_status = static_cast<std::int32_t>(take<std::uint32_t>(bytes));
  report.cpu_us = take<std::uint64_t>(bytes);
  report.memory_peak_bytes = take<std::uint64_t>(bytes);
  report.children_left = take<std::uint8_t>(bytes) != 0;
  return report;
}

int supervise(pid_t interpreter) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_DUMPABLE, 0);
  ::close_range(kSupervisorSocket + 1, ~0U, 0);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) {
    return 1;
  }
  while (reap(interpreter)) {
    pollfd waits[2] = {{signals, POLLIN, 0}, {kSupervisorSocket, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) {
      return 1;
    }
    signalfd_siginfo seen;
    while (::read(signals, &seen, sizeof seen) > 0) {
    }
    if ((waits[1].revents & (POLLHUP | POLLERR)) != 0) {
      do {  // the agent has gone, and with it whoever could end the run
        kill_descendants(::getpid());
      } while (reap(interpreter) && ::poll(nullptr, 0, kKillAgainMs) == 0);
      return 0;
    }
  }
  return 0;
}

}  // namespace agent

#include "sandbox/local/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sandbox/local/limits.h"
#include "sandbox/spawner.h"

extern char** environ;

namespace sandbox::local {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  UniqueFd read, write;

  static Pipe make() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
};

std::vector<char*> pointers(const Argv& argv) {
  std::vector<char*> result;
  for (const std::string& word : argv) result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  void map(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }

  base::Result<pid_t> spawn(const Argv& argv) {
    pid_t pid = -1;
    std::vector<char*> words = pointers(argv);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);  // Asio's sockets are not closed by exec
    const int error = posix_spawnp(&pid, words[0], &actions_, &attributes_, words.data(), environ);
    if (error != 0) {
      return base::fail(Errc::unavailable, "cannot run " + argv[0] + ": " + std::strerror(error));
    }
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads what there is; false at the end of the stream.
bool drain(int fd, std::string& into) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = kCapturedBytesMax - std::min(into.size(), kCapturedBytesMax);
  into.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
  return count > 0;
}

// Feeds and reads a command until its ends are closed; false at the deadline.
bool exchange(Pipe& input, std::string_view to_write, Pipe& output, Pipe& error, CommandResult& result,
              Clock::time_point deadline) {
  if (to_write.empty()) input.write.reset();
  while (input.write || output.read || error.read) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 3> polled{
        {{input.write.get(), POLLOUT, 0}, {output.read.get(), POLLIN, 0}, {error.read.get(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), static_cast<int>(left)) < 0 && errno != EINTR) return false;
    if (polled[0].revents != 0) {
      const ssize_t count = ::write(input.write.get(), to_write.data(), to_write.size());
      if (count > 0) to_write.remove_prefix(static_cast<std::size_t>(count));
      if (count < 0 || to_write.empty()) input.write.reset();
    }
    if (polled[1].revents != 0 && !drain(output.read.get(), result.output)) output.read.reset();
    if (polled[2].revents != 0 && !drain(error.read.get(), result.error)) error.read.reset();
  }
  return true;
}

// Waits for the child; kills it at the deadline.
bool reap(pid_t pid, int& status, Clock::time_point deadline) {
  for (std::chrono::microseconds pause{100};; pause = std::min(pause * 2, std::chrono::microseconds{5000})) {
    const pid_t reaped = ::waitpid(pid, &status, WNOHANG);
    if (reaped == pid) return true;
    if (reaped < 0 && errno != EINTR) return false;
    if (Clock::now() >= deadline) {
      ::kill(-pid, SIGKILL);
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return false;
    }
    ::usleep(static_cast<useconds_t>(pause.count()));
  }
}

}  // namespace

std::string CommandResult::complaint() const {
  std::string text = error.empty() ? output : error;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::size_t line = text.rfind('\n');
  text = line == std::string::npos ? text : text.substr(line + 1);
  return text.empty() ? "exit code " + std::to_string(exit_code) : text;
}

base::Result<CommandResult> run_command(const Argv& argv, const CommandOptions& options) {
  const auto deadline = Clock::now() + (options.deadline.count() > 0 ? options.deadline : kCommandDeadline);
  Pipe input = Pipe::make(), output = Pipe::make(), error = Pipe::make();
  if (!input.read || !output.read || !error.read) {
    return base::fail(Errc::unavailable, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  ::fcntl(input.write.get(), F_SETFL, O_NONBLOCK);
  SpawnActions actions;
  actions.map(options.stdin_fd >= 0 ? options.stdin_fd : input.read.get(), 0);
  actions.map(options.output_fd >= 0 ? options.output_fd : output.write.get(), 1);
  actions.map(options.output_fd >= 0 ? options.output_fd : error.write.get(), 2);
  const base::Result<pid_t> pid = actions.spawn(argv);
  if (!pid) return pid.error();
  input.read.reset();
  output.write.reset();
  error.write.reset();

  CommandResult result;
  const bool in_time = exchange(input, options.input, output, error, result, deadline);
  int status = 0;
  if (!reap(*pid, status, in_time ? deadline : Clock::now()) || !in_time) {
    return base::fail(Errc::timeout, argv[0] + " did not end in time");
  }
  result.exit_code = exit_code_of(status);
  return result;
}

base::Result<int> start_detached(const Argv& argv, int output_fd, const std::vector<int>& fds) {
  // Only async-signal-safe calls between fork and exec: other threads of this process may hold locks.
  const std::string program = find_program(argv[0]);
  if (program.empty()) return base::fail(Errc::unavailable, argv[0] + " is not installed");
  std::vector<char*> words = pointers(argv);
  Pipe report = Pipe::make();
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  // High numbers first, so that no descriptor is overwritten before it was moved.
  std::vector<UniqueFd> moved;
  for (const int fd : fds) moved.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 64));

  const pid_t middle = ::fork();
  if (middle < 0) return base::fail(Errc::unavailable, std::string("cannot fork: ") + std::strerror(errno));
  if (middle == 0) {
    ::setsid();
    const pid_t pid = ::fork();
    if (pid != 0) {
      if (::write(report.write.get(), &pid, sizeof pid) < 0) ::_exit(1);
      ::_exit(0);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(null.get(), 0);
    ::dup2(output_fd >= 0 ? output_fd : null.get(), 1);
    ::dup2(output_fd >= 0 ? output_fd : null.get(), 2);
    for (std::size_t i = 0; i < moved.size(); ++i) ::dup2(moved[i].get(), static_cast<int>(3 + i));
    ::close_range(static_cast<unsigned>(3 + moved.size()), ~0U, 0);
    ::execv(program.c_str(), words.data());
    ::_exit(127);
  }
  report.write.reset();
  int status = 0;
  while (::waitpid(middle, &status, 0) < 0 && errno == EINTR) {
  }
  pid_t pid = -1;
  if (::read(report.read.get(), &pid, sizeof pid) != sizeof pid || pid < 0) {
    return base::fail(Errc::unavailable, "cannot start " + argv[0]);
  }
  return pid;
}

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) {
    return ::access(std::string(name).c_str(), X_OK) == 0 ? std::string(name) : std::string();
  }
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
  for (std::size_t begin = 0; begin < folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = folders.substr(begin, end - begin) + "/" + std::string(name);
    if (end > begin && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return {};
}

}  // namespace sandbox::local

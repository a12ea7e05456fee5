#include "agent/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "agent/fd.h"

namespace agent {
namespace {

// Leaves no name in __main__.
constexpr const char* kBoot =
    "(lambda source: exec(compile(source, '<fork server>', 'exec'), {'__name__': 'fork_server', 'source': source}))"
    "(open(3, 'rb').read())";

constexpr rlim_t kProcessesKept = 16;  // below the sandbox's limit, so that a fork bomb leaves room for us

[[noreturn]] void give_up(const std::string& what) {
  const std::string words = what + ": " + std::strerror(errno);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, words.data(), words.size());
  ::_exit(127);
}

// Clear of 0 to 4, so that placing one overwrites none of the others.
int clear_of_places(int fd) {
  return ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

void place_descriptors(int source, int control, int words) {
  source = clear_of_places(source);
  control = clear_of_places(control);
  ::dup2(words, STDERR_FILENO);
  const int null = ::open("/dev/null", O_RDWR);
  if (source < 0 || control < 0 || null < 0) {
    give_up("cannot place the descriptors");
  }
  const int null_clear = clear_of_places(null);
  ::dup2(null_clear, STDIN_FILENO);
  ::dup2(null_clear, STDOUT_FILENO);
  ::dup2(source, 3);
  ::dup2(control, 4);
  ::close_range(5, ~0U, 0);
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void give_up_privileges(const Settings& settings) {
  for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (settings.uid != ::getuid() || settings.gid != ::getgid()) {
    ::setgroups(0, nullptr);  // refused where the user namespace forbids it; there are none then
    if (::setresgid(settings.gid, settings.gid, settings.gid) != 0 ||
        ::setresuid(settings.uid, settings.uid, settings.uid) != 0) {
      give_up("cannot become the code's user");
    }
  }
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void limit_processes(const Settings& settings) {
  if (settings.processes_max > 2 * kProcessesKept) {
    const rlimit limit{settings.processes_max - kProcessesKept, settings.processes_max - kProcessesKept};
    ::setrlimit(RLIMIT_NPROC, &limit);
  }
}

// By the image's PATH, not by the account's, whose first folder is in its home.
std::string program_path(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return name;
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): one thread
  std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string program; std::getline(folders, program, ':');) {
    program.append("/").append(name);
    if (program.starts_with('/') && ::access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return name;
}

// A person who closed the home to themselves could run nothing that opens it again.
bool enter_home(const char* home) {
  return ::chdir(home) == 0 || (errno == EACCES && ::chmod(home, 0700) == 0 && ::chdir(home) == 0);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) {
    out.push_back(text.data());
  }
  out.push_back(nullptr);
  return out;
}

}  // namespace

pid_t start_fork_server(const Settings& settings, int source, int control, int words) {
  std::vector<std::string> arguments{program_path(settings.python), "-u", "-c", kBoot};
  std::vector<std::string> environment = run_environment(settings);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);

  const pid_t pid = ::fork();
  if (pid != 0) {
    return pid;
  }
  ::setsid();
  reset_signals();
  place_descriptors(source, control, words);
  limit_processes(settings);
  give_up_privileges(settings);
  ::umask(022);
  if (!enter_home(settings.home.c_str())) {
    give_up("cannot enter the home " + settings.home);
  }
  ::execve(argv[0], argv.data(), envp.data());
  give_up("cannot run " + arguments[0]);
}

}  // namespace agent

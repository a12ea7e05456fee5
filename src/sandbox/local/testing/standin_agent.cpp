// PID 1 of a sandbox for the tests of what is around it. It takes the real agent's arguments. A connection sends one
// line for /bin/sh, prefixed by who runs it ("user " or "agent "), and reads what that writes, then its exit code.
// The user's commands run as the real agent runs code: as uid 1000 with no capability. TERM from outside ends it.

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

volatile sig_atomic_t ending = 0;

void on_term(int, siginfo_t* info, void*) {
  if (info->si_pid == 0) ending = 1;
}

std::string argument(int count, char** words, const char* name) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(words[i], name) == 0) return words[i + 1];
  }
  return {};
}

void become_user() {
  for (int capability = 0; capability < 64; ++capability) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  if (setgroups(0, nullptr) != 0 || setgid(1000) != 0 || setuid(1000) != 0) _exit(126);
}

[[noreturn]] void run_shell(const std::string& line, int connection) {
  const bool user = line.rfind("user ", 0) == 0;
  if (user) become_user();
  if (chdir(user ? "/home/user" : "/") != 0) _exit(125);
  dup2(connection, 1);
  dup2(connection, 2);
  close(connection);
  const std::string command = line.substr(line.find(' ') + 1);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(127);
}

void serve(int connection) {
  std::string line;
  for (char letter = 0; read(connection, &letter, 1) == 1 && letter != '\n';) line += letter;
  if (!line.empty()) {
    const pid_t child = fork();
    if (child == 0) run_shell(line, connection);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dprintf(connection, "\nexit %d\n", code);
  } else {
    // Silent until the other side or the sandbox ends, as a link that asks for nothing.
    char letter = 0;
    while (read(connection, &letter, 1) > 0) {
    }
  }
  _exit(0);
}

}  // namespace

int main(int count, char** words) {
  struct sigaction action {};
  action.sa_sigaction = on_term;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGCHLD, SIG_IGN);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, argument(count, words, "--socket").c_str(), sizeof address.sun_path - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 64) != 0) {
    std::perror("stand-in agent");
    return 1;
  }
  while (ending == 0) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) continue;
    if (fork() == 0) {
      signal(SIGCHLD, SIG_DFL);
      signal(SIGTERM, SIG_DFL);
      serve(connection);
    }
    close(connection);
  }
  return 0;
}

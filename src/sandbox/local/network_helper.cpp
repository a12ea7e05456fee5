#include "sandbox/local/network_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sandbox/local/subprocess.h"
#include "sandbox/spawner.h"

namespace sandbox::local {

base::Result<NetworkHelper::Leash> NetworkHelper::make_leash() {
  std::array<int, 2> ends{-1, -1};
  std::array<int, 2> ready{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail(Errc::unavailable, "cannot make a pipe");
  Leash leash{UniqueFd(ends[0]), UniqueFd(ends[1]), {}, {}};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0) return base::fail(Errc::unavailable, "cannot make a pipe");
  leash.ready = UniqueFd(ready[0]);
  leash.ready_told = UniqueFd(ready[1]);
  return leash;
}

base::Result<void> NetworkHelper::apply_rules(int pid, const std::string& rules) {
  const std::string space = "--net=/proc/" + std::to_string(pid) + "/ns/net";
  const base::Result<CommandResult> result =
      run_command({find_program("nsenter"), space, "--", find_program("nft"), "-f", "-"}, {.input = rules});
  if (!result) return result.error();
  if (!result->ok()) return base::fail(Errc::unavailable, "nft refused the rules: " + result->complaint());
  return {};
}

base::Result<int> NetworkHelper::start(int pid, Leash& leash, int log_fd) {
  const base::Result<int> started =
      start_detached({"slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox",
                      "--enable-seccomp", "--exit-fd=3", "--ready-fd=4", std::to_string(pid), "tap0"},
                     log_fd, {leash.helper_end.get(), leash.ready_told.get()});
  leash.ready_told.reset();  // so that its end is seen
  return started;
}

base::Result<void> NetworkHelper::await_ready(const Leash& leash, std::chrono::milliseconds wait_max) {
  const auto deadline = std::chrono::steady_clock::now() + wait_max;
  pollfd polled{leash.ready.get(), POLLIN, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int events = left.count() > 0 ? ::poll(&polled, 1, static_cast<int>(left.count())) : 0;
    if (events == 0) return base::fail(Errc::timeout, "slirp4netns did not get ready in time");
    if (events > 0) break;
    if (errno != EINTR) return base::fail(Errc::unavailable, std::string("cannot wait: ") + std::strerror(errno));
  }
  char one = 0;
  if (::read(leash.ready.get(), &one, 1) == 1) return {};
  return base::fail(Errc::unavailable, "slirp4netns ended at once");
}

}  // namespace sandbox::local

#include "sandbox/local/network_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "sandbox/local/limits.h"
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

base::Result<void> NetworkHelper::await_ready(const Leash& leash) {
  pollfd polled{leash.ready.get(), POLLIN, 0};
  const auto deadline = std::chrono::duration_cast<std::chrono::milliseconds>(kNetworkDeadline);
  if (::poll(&polled, 1, static_cast<int>(deadline.count())) <= 0) {
    return base::fail(Errc::timeout, "slirp4netns did not get ready");
  }
  char one = 0;
  if (::read(leash.ready.get(), &one, 1) == 1) return {};
  return base::fail(Errc::unavailable, "slirp4netns ended at once; the sandbox's agent.log has its words");
}

}  // namespace sandbox::local

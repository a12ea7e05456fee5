#include "sandbox/local/network_helper.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "sandbox/local/subprocess.h"
#include "sandbox/spawner.h"

namespace sandbox::local {

base::Result<NetworkHelper::Leash> NetworkHelper::make_leash() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::fail(Errc::unavailable, "cannot make a pipe");
  return Leash{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

base::Result<void> NetworkHelper::apply_rules(int pid, const std::string& rules) {
  const std::string space = "--net=/proc/" + std::to_string(pid) + "/ns/net";
  const base::Result<CommandResult> result =
      run_command({find_program("nsenter"), space, "--", find_program("nft"), "-f", "-"}, {.input = rules});
  if (!result) return result.error();
  if (!result->ok()) return base::fail(Errc::unavailable, "nft refused the rules: " + result->complaint());
  return {};
}

base::Result<int> NetworkHelper::start(int pid, const Leash& leash, int log_fd) {
  return start_detached({"slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox",
                         "--enable-seccomp", "--exit-fd=3", std::to_string(pid), "tap0"},
                        log_fd, {leash.helper_end.get()});
}

}  // namespace sandbox::local

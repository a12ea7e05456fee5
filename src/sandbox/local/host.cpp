#include "sandbox/local/host.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "sandbox/local/network_rules.h"
#include "sandbox/local/places.h"
#include "sandbox/local/subprocess.h"
#include "sandbox/spawner.h"

namespace sandbox::local {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Finding check_root() {
  if (::geteuid() == 0) return {Level::good, "runs as root"};
  return {Level::problem, "local sandboxes need root here: start with sudo, or use a cluster (--spawner=kubernetes)"};
}

Finding check_user_namespaces() {
  std::ifstream file("/proc/sys/user/max_user_namespaces");
  long count = 0;
  if (file >> count && count > 0) return {Level::good, "user namespaces are available"};
  return {Level::problem,
          "local sandboxes need user namespaces: set the sysctl user.max_user_namespaces to 10000 or more"};
}

Finding check_cgroups() {
  switch (cgroup_mode()) {
    case CgroupMode::v1:
      return {Level::good, "cgroups version 1"};
    case CgroupMode::hybrid:
      return {Level::good, "cgroups version 1, with version 2 beside"};
    case CgroupMode::v2:
      return {Level::good, "cgroups version 2"};
    case CgroupMode::none:
      break;
  }
  return {Level::problem, "local sandboxes need cgroups: no controller is mounted at /sys/fs/cgroup"};
}

Finding check_runtime(const LocalOptions& options) {
  const base::Result<std::string> runtime = choose_runtime(options);
  return runtime ? Finding{Level::good, "OCI runtime " + *runtime} : Finding{Level::problem, runtime.error().detail};
}

Finding check_rootfs(const LocalOptions& options) {
  if (!exists(options.rootfs + "/usr/bin/python3")) {
    return {Level::problem, "the sandbox image is missing in " + options.rootfs +
                                ": make it with deploy/image/build.sh " +
                                fs::path(options.rootfs).parent_path().string()};
  }
  const std::string closed = unsearchable_folder(options.rootfs);
  if (!closed.empty()) {
    return {Level::problem, "the sandbox image " + options.rootfs + " lies below " + closed +
                                ", which other users may not enter: set FORGE_DATA_DIR to a folder that all may enter, "
                                "as /var/lib/pyruntime-forge"};
  }
  return {Level::good, "sandbox image " + options.rootfs};
}

Finding check_agent(const LocalOptions& options) {
  if (::access(options.agent_path.c_str(), X_OK) == 0) return {Level::good, "agent " + options.agent_path};
  return {Level::problem, "the agent is missing at " + options.agent_path + ": build the target forge-agent"};
}

Finding check_data_dir(const LocalOptions& options) {
  const std::string closed = unsearchable_folder(options.data_dir);
  if (closed.empty()) return {Level::good, "data in " + options.data_dir};
  return {Level::warning, closed + " may not be entered by other users: homes and journals go to a folder below " +
                              kSearchableRoot + " instead"};
}

Finding check_homes(const LocalOptions& options) {
  const std::string folder = unsearchable_folder(options.data_dir).empty() ? options.data_dir : kSearchableRoot;
  return {Level::warning, "homes have no limit on disk here: an account can fill the file system of " + folder +
                              "; give it one of its own"};
}

Finding check_authorities(const LocalOptions& options) {
  if (options.ca_bundle.empty() || exists(options.ca_bundle)) return {Level::good, "certificate authorities"};
  return {Level::problem, "the bundle of certificate authorities " + options.ca_bundle + " does not exist"};
}

Finding check_network(const LocalOptions& options) {
  if (options.network == Network::none) return {Level::good, "sandboxes have no network, as set"};
  for (const std::string& range : options.network_allow) {
    if (!is_network(range)) return {Level::problem, "\"" + range + "\" is not a network such as 192.0.2.0/24"};
  }
  const std::string obstacle = network_obstacle();
  if (obstacle.empty()) return {Level::good, "network by slirp4netns and nftables"};
  return {Level::warning, "sandboxes have no network: " + obstacle};
}

}  // namespace

CgroupMode cgroup_mode() {
  if (exists("/sys/fs/cgroup/cgroup.controllers")) return CgroupMode::v2;
  if (!exists("/sys/fs/cgroup/memory")) return CgroupMode::none;
  return exists("/sys/fs/cgroup/unified") ? CgroupMode::hybrid : CgroupMode::v1;
}

bool swap_is_limited() {
  return cgroup_mode() == CgroupMode::v2 || exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");
}

bool shared_memory_is_limited() {
  utsname names{};
  unsigned version = 0, patch = 0;
  if (::uname(&names) != 0 || std::sscanf(names.release, "%u.%u", &version, &patch) != 2) return false;
  return version > 5 || (version == 5 && patch >= 19);
}

std::vector<Finding> check(const LocalOptions& options) {
  return {check_root(),
          check_user_namespaces(),
          check_cgroups(),
          check_runtime(options),
          check_rootfs(options),
          check_agent(options),
          check_data_dir(options),
          check_homes(options),
          check_authorities(options),
          check_network(options)};
}

base::Result<std::string> choose_runtime(const LocalOptions& options) {
  if (options.runtime != "auto") {
    std::string path = find_program(options.runtime);
    if (path.empty()) {
      return base::fail(Errc::unavailable, "the OCI runtime " + options.runtime + " is not installed");
    }
    return path;
  }
  std::string runc = find_program("runc");
  if (!runc.empty()) return runc;
  std::string crun = find_program("crun");
  if (!crun.empty() && cgroup_mode() == CgroupMode::v2) return crun;
  return base::fail(Errc::unavailable, "local sandboxes need an OCI runtime: apt-get install runc");
}

base::Result<void> require_host(const LocalOptions& options) {
  for (Finding& finding : check(options)) {
    if (finding.level == Level::problem) return base::fail(Errc::unavailable, std::move(finding.text));
  }
  return {};
}

std::string network_obstacle() {
  if (find_program("slirp4netns").empty()) return "slirp4netns is missing: apt-get install slirp4netns";
  if (find_program("nft").empty()) return "nft is missing: apt-get install nftables";
  if (find_program("nsenter").empty()) return "nsenter is missing: apt-get install util-linux";
  if (!exists("/dev/net/tun")) return "/dev/net/tun is missing: modprobe tun";
  return {};
}

std::string unsearchable_folder(const std::string& path) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(path, ignored), ignored);
  fs::path folder;
  for (const fs::path& part : whole) {
    folder /= part;
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return {};
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_IXOTH) == 0) return folder.string();
  }
  return {};
}

}  // namespace sandbox::local

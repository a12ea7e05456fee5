#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "sandbox/local/limits.h"

namespace sandbox::local {

enum class Network { none, internet };

struct LocalOptions {
  std::string data_dir;    // homes, journals and sockets; made where it is missing
  std::string rootfs;      // made by deploy/image/build.sh
  std::string agent_path;  // forge-agent, copied from there

  std::string runtime = "auto";            // runc, crun, another OCI runtime's name or path; auto: what works here
  Network network = Network::internet;     // internet: no private, link-local or reserved address
  std::vector<std::string> network_allow;  // CIDRs that are let through all the same
  std::string ca_bundle;                   // in place of the image's, empty: the image's own
  std::uint32_t first_host_id = kFirstIdDefault;  // sandboxes get ranges of 65,536 user ids from here on
  base::Logger log = [](base::LogLevel, std::string_view) {};
};

}  // namespace sandbox::local

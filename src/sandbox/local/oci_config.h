#pragma once

#include <cstdint>
#include <string>

#include <boost/json/object.hpp>

#include "sandbox/limits.h"

namespace sandbox::local {

struct BundleSpec {
  std::string name;
  std::string container_id;
  Limits limits;
  std::uint32_t first_id = 0;  // of the host's ids that the sandbox's 0..65535 are
  std::uint64_t open_files_max = 0;
  bool limit_swap = true;
  bool limit_shared_memory = true;
  // On this machine:
  std::string rootfs, home, run_dir, journal, agent, hosts, resolv_conf;
  std::string ca_bundle;               // empty: the image's own
  std::uint64_t oom_kills_before = 0;  // in this sandbox's container before
};

// The container of a sandbox (OCI runtime specification 1.0, config.json).
boost::json::object oci_config(const BundleSpec& spec);

}  // namespace sandbox::local

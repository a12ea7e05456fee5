#pragma once

#include <boost/json/object.hpp>

namespace sandbox::local {

// The system calls of a sandbox, as an OCI runtime's linux.seccomp: what is not listed fails with EPERM. No new
// namespaces, mounts, modules, keys, BPF, io_uring, performance counters, tracing of others, or file handles.
boost::json::object seccomp_profile();

}  // namespace sandbox::local

#include "sandbox/local/oci_config.h"

#include <unistd.h>

#include <algorithm>
#include <initializer_list>

#include <boost/json.hpp>

#include "sandbox/local/limits.h"
#include "sandbox/local/seccomp_profile.h"

namespace sandbox::local {
namespace {

namespace json = boost::json;

json::array strings(std::initializer_list<std::string> texts) {
  return json::array(texts.begin(), texts.end());
}

json::object mount(const char* type, const std::string& source, const char* target,
                   std::initializer_list<std::string> options) {
  return {{"type", type}, {"source", source}, {"destination", target}, {"options", strings(options)}};
}

json::object bind(const std::string& source, const char* target, const char* access) {
  return mount("bind", source, target, {"bind", access, "nosuid", "nodev"});
}

json::array mounts(const BundleSpec& spec) {
  // Memory file systems count as the sandbox's memory, and files there outlast a run: with both of them full, and with
  // all of the shared memory that sysctls() leaves, more than a third of it is left.
  const std::string quarter = "size=" + std::to_string(spec.limits.memory_bytes_max / 4);
  json::array result{
      mount("proc", "proc", "/proc", {"nosuid", "noexec", "nodev"}),
      mount("tmpfs", "tmpfs", "/dev", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("devpts", "devpts", "/dev/pts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("tmpfs", "shm", "/dev/shm", {"nosuid", "noexec", "nodev", "mode=1777", quarter}),
      mount("mqueue", "mqueue", "/dev/mqueue", {"nosuid", "noexec", "nodev"}),
      mount("tmpfs", "tmpfs", "/tmp", {"nosuid", "nodev", "mode=1777", quarter}),
      mount("tmpfs", "tmpfs", "/run", {"nosuid", "noexec", "nodev", "mode=755", "size=1m"}),
      // Not sysfs: it would show this machine's hardware.
      mount("tmpfs", "tmpfs", "/sys", {"nosuid", "noexec", "nodev", "ro", "mode=755", "size=64k"}),
      mount("cgroup", "cgroup", "/sys/fs/cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}),
      bind(spec.home, "/home/user", "rw"),
      bind(spec.run_dir, "/.forge/run", "rw"),
      bind(spec.journal, "/.forge/journal", "rw"),
      bind(spec.agent, "/.forge/agent", "ro"),
      bind(spec.hosts, "/etc/hosts", "ro"),
      bind(spec.resolv_conf, "/etc/resolv.conf", "ro"),
  };
  if (!spec.ca_bundle.empty()) result.push_back(bind(spec.ca_bundle, "/etc/ssl/certs/ca-certificates.crt", "ro"));
  return result;
}

json::array agent_arguments(const BundleSpec& spec) {
  const Limits& limits = spec.limits;
  return strings({"/.forge/agent",
                  "serve",
                  "--socket",
                  "/.forge/run/agent.sock",
                  "--journal",
                  "/.forge/journal",
                  "--home",
                  "/home/user",
                  "--uid",
                  "1000",
                  "--gid",
                  "1000",
                  "--supervisor",
                  "/.forge/agent",
                  "--memory-max",
                  std::to_string(limits.memory_bytes_max),
                  "--processes-max",
                  std::to_string(limits.processes_max),
                  "--journal-bytes",
                  std::to_string(limits.journal_bytes_max),
                  "--journals-bytes",
                  std::to_string(limits.journals_bytes_max),
                  "--idle-stop",
                  std::to_string(limits.idle_stop.count()),
                  "--run-time-max",
                  std::to_string(limits.run_time_max.count()),
                  "--oom-kills-before",
                  std::to_string(spec.oom_kills_before)});
}

// The agent's capabilities, all inside its user namespace; what it starts for the code has none.
json::object process(const BundleSpec& spec) {
  const json::array capabilities = strings({"CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_SYS_PTRACE", "CAP_SETPCAP"});
  const auto rlimit = [](const char* type, std::uint64_t value) {
    return json::object{{"type", type}, {"soft", value}, {"hard", value}};
  };
  return {{"terminal", false},
          {"user", json::object{{"uid", 0}, {"gid", 0}}},
          {"args", agent_arguments(spec)},
          {"env", strings({"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"})},
          {"cwd", "/"},
          {"capabilities", json::object{{"bounding", capabilities},
                                        {"effective", capabilities},
                                        {"permitted", capabilities},
                                        {"inheritable", json::array{}},
                                        {"ambient", json::array{}}}},
          {"rlimits", json::array{rlimit("RLIMIT_CORE", 0), rlimit("RLIMIT_NOFILE", spec.open_files_max)}},
          {"noNewPrivileges", true}};
}

json::object resources(const BundleSpec& spec) {
  constexpr std::int64_t kPeriodUs = 100'000;
  json::object memory{{"limit", spec.limits.memory_bytes_max}};
  if (spec.limit_swap) memory["swap"] = spec.limits.memory_bytes_max;
  const auto quota = static_cast<std::int64_t>(spec.limits.cpus_max * static_cast<double>(kPeriodUs));
  return {
      {"devices", json::array{json::object{{"allow", false}, {"access", "rwm"}}}},
      {"memory", std::move(memory)},
      {"cpu", json::object{{"shares", 1024}, {"quota", std::max(quota, std::int64_t{1000})}, {"period", kPeriodUs}}},
      {"pids", json::object{{"limit", spec.limits.processes_max}}}};
}

// Of System V's shared memory, which outlasts a run too; elsewhere than in /dev/shm.
json::object sysctls(const BundleSpec& spec) {
  if (!spec.limit_shared_memory) return {};
  const std::uint64_t bytes_max = spec.limits.memory_bytes_max / 8;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return {{"kernel.shmmax", std::to_string(bytes_max)}, {"kernel.shmall", std::to_string(bytes_max / page)}};
}

json::object linux_part(const BundleSpec& spec) {
  const json::array ids{json::object{{"containerID", 0}, {"hostID", spec.first_id}, {"size", kIdsPerSandbox}}};
  json::array namespaces;
  for (const char* type : {"pid", "mount", "network", "ipc", "uts", "user", "cgroup"}) {
    namespaces.push_back(json::object{{"type", type}});
  }
  return {{"namespaces", std::move(namespaces)},
          {"uidMappings", ids},
          {"gidMappings", ids},
          {"cgroupsPath", "/forge/" + spec.container_id},
          {"resources", resources(spec)},
          {"sysctl", sysctls(spec)},
          {"seccomp", seccomp_profile()},
          {"rootfsPropagation", "private"},
          {"maskedPaths", strings({"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                                   "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats"})},
          {"readonlyPaths", strings({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"})}};
}

}  // namespace

json::object oci_config(const BundleSpec& spec) {
  return {{"ociVersion", "1.0.2"},
          {"hostname", spec.name},
          {"root", json::object{{"path", spec.rootfs}, {"readonly", true}}},
          {"mounts", mounts(spec)},
          {"process", process(spec)},
          {"linux", linux_part(spec)}};
}

}  // namespace sandbox::local

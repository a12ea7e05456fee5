#include "server/settings.h"

#include <cstdlib>

#include <CLI/CLI.hpp>

namespace server {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

void add_door(CLI::App& command, Settings& settings) {
  command.add_option("--listen", settings.listen, "address to listen on")
      ->envname("FORGE_LISTEN")
      ->capture_default_str();
  command.add_option("--port", settings.port, "port to listen on")->envname("PORT")->capture_default_str();
  command
      .add_option("--open-mode", settings.open_mode,
                  "login by e-mail alone for accounts without a password; auto: while only loopback is listened on")
      ->envname("FORGE_OPEN_MODE")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  command.add_option("--allowed-host", settings.allowed_hosts, "further names that this server is called by")
      ->envname("FORGE_ALLOWED_HOSTS")
      ->delimiter(',');
  command.add_option("--allowed-origin", settings.allowed_origins, "further origins whose pages may use this server")
      ->envname("FORGE_ALLOWED_ORIGINS")
      ->delimiter(',');
  command.add_option("--web", settings.web, "folder of the built page")->envname("FORGE_WEB");
  command.add_option("--threads", settings.threads, "threads that serve; 0: one per core")
      ->envname("FORGE_THREADS")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command.add_option("--log-level", settings.log_level, "what is logged")
      ->envname("FORGE_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
}

void add_limits(CLI::App& command, Settings& settings) {
  command.add_option("--memory-mib", settings.memory_mib, "memory of a sandbox, in MiB")
      ->envname("FORGE_MEMORY_MIB")
      ->check(CLI::Range(64, 1 << 24))
      ->capture_default_str();
  command.add_option("--cpus", settings.cpus, "processors of a sandbox")
      ->envname("FORGE_CPUS")
      ->check(CLI::Range(0.05, 1024.0))
      ->capture_default_str();
  command.add_option("--processes", settings.processes, "processes and threads of a sandbox")
      ->envname("FORGE_PROCESSES")
      ->check(CLI::Range(48, 1 << 20))
      ->capture_default_str();
  command.add_option("--journal-mib", settings.journal_mib, "output kept of one execution, in MiB")
      ->envname("FORGE_JOURNAL_MIB")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command.add_option("--journals-mib", settings.journals_mib, "output kept of all executions of a sandbox, in MiB")
      ->envname("FORGE_JOURNALS_MIB")
      ->check(CLI::Range(2, 65536))
      ->capture_default_str();
  command.add_option("--idle-minutes", settings.idle_minutes, "a sandbox without a run stops after so long")
      ->envname("FORGE_IDLE_MINUTES")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--run-seconds", settings.run_seconds_max, "the longest run, in seconds; 0: no limit")
      ->envname("FORGE_RUN_SECONDS")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_sandboxes(CLI::App& command, Settings& settings) {
  command
      .add_option("--image", settings.image,
                  "root file system of the sandboxes (default: image/rootfs in the data folder)")
      ->envname("FORGE_IMAGE");
  command.add_option("--agent", settings.agent, "the forge-agent program (default: beside this one)")
      ->envname("FORGE_AGENT");
  command.add_option("--runtime", settings.runtime, "OCI runtime: auto, or a program such as runc or crun")
      ->envname("FORGE_RUNTIME")
      ->capture_default_str();
  command.add_option("--network", settings.network, "what a sandbox reaches: none, or internet (public addresses)")
      ->envname("FORGE_NETWORK")
      ->check(CLI::IsMember({"none", "internet"}))
      ->capture_default_str();
  command.add_option("--network-allow", settings.network_allow, "further address ranges that sandboxes may reach")
      ->envname("FORGE_NETWORK_ALLOW")
      ->delimiter(',');
  command.add_option("--ca-bundle", settings.ca_bundle, "certificate authorities that sandboxes trust, a PEM file")
      ->envname("FORGE_CA_BUNDLE");
}

}  // namespace

sandbox::Limits Settings::limits() const {
  sandbox::Limits limits;
  limits.memory_bytes_max = memory_mib * kMib;
  limits.cpus_max = cpus;
  limits.processes_max = processes;
  limits.journal_bytes_max = journal_mib * kMib;
  limits.journals_bytes_max = journals_mib * kMib;
  limits.idle_stop = std::chrono::minutes(idle_minutes);
  limits.run_time_max = std::chrono::milliseconds(static_cast<std::int64_t>(run_seconds_max * 1000));
  return limits;
}

void add_settings(CLI::App& command, Settings& settings) {
  command.set_config("--config", "", "file with these settings, as port=5000")->envname("FORGE_CONFIG");
  command.add_option("--data-dir", settings.data_dir, "where this machine's data lives")
      ->envname("FORGE_DATA_DIR")
      ->capture_default_str();
  add_door(command, settings);
  add_sandboxes(command, settings);
  add_limits(command, settings);
}

void complete(Settings& settings, const std::filesystem::path& program) {
  const auto beside = program.parent_path();
  settings.data_dir = std::filesystem::absolute(settings.data_dir).lexically_normal();
  if (settings.image.empty()) settings.image = settings.data_dir / "image" / "rootfs";
  if (settings.agent.empty()) settings.agent = beside / "forge-agent";
  if (settings.web.empty()) {
    // Installed beside the binary, or in the source tree: build/<preset>/bin/forge and web/dist.
    const auto installed = beside.parent_path() / "share" / "pyruntime-forge" / "web";
    settings.web = std::filesystem::exists(installed)
                       ? installed
                       : beside.parent_path().parent_path().parent_path() / "web" / "dist";
  }
}

Remarks remarks_on(const Settings& settings) {
  Remarks remarks;
  const bool loopback = settings.listen == "127.0.0.1" || settings.listen == "::1" || settings.listen == "localhost";
  if (environment("FLASK_ENV") == "production" && loopback) {
    remarks.warnings.emplace_back(
        "FLASK_ENV=production is set, but only this machine can reach the server: it listens on " + settings.listen +
        ". Set FORGE_LISTEN=0.0.0.0 to serve others.");
  }
  if (!environment("MONGODB_URI").empty()) {
    remarks.errors.emplace_back(
        "MONGODB_URI is set, but this version keeps accounts in SQLite only. Unset it to start with the accounts in " +
        (settings.data_dir / "accounts.sqlite").string() + ".");
  }
  if (!environment("KUBECONFIG_BASE64").empty() || !environment("KUBERNETES_SERVICE_HOST").empty()) {
    remarks.errors.emplace_back(
        "A Kubernetes cluster is named by the environment (KUBECONFIG_BASE64 or KUBERNETES_SERVICE_HOST), but this "
        "version "
        "makes sandboxes on this machine only. Unset it to start.");
  }
  if (settings.open_mode == "on" && !loopback) {
    remarks.warnings.emplace_back(
        "Open mode is on and others can reach this server: whoever knows an e-mail or a "
        "container_id without a password can run code as that account.");
  }
  return remarks;
}

}  // namespace server

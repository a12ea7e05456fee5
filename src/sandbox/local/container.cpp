#include "sandbox/local/container.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <boost/json/serialize.hpp>

#include "sandbox/local/host.h"
#include "sandbox/local/network_helper.h"
#include "sandbox/local/network_rules.h"
#include "sandbox/local/oci_config.h"
#include "sandbox/local/subprocess.h"
#include "sandbox/local/unix_stream.h"

namespace sandbox::local {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kSocket = "agent.sock";
constexpr const char* kHelperResolver = "10.0.2.3";

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

base::Result<void> write_text(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  // The sandbox reads it, whatever the server's umask.
  if (!file || ::chmod(path.c_str(), 0644) != 0)
    return base::fail(Errc::start_failed, "cannot write " + path + ": " + std::strerror(errno));
  return {};
}

std::uint64_t open_files_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::uint64_t>(limit.rlim_max, kOpenFilesMax);
}

UniqueFd open_process(int pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool has_ended(const UniqueFd& process, std::chrono::milliseconds wait) {
  pollfd polled{process.get(), POLLIN, 0};
  return !process || ::poll(&polled, 1, static_cast<int>(wait.count())) > 0;
}

// What a quota of one CPU leaves unused in a period may be used in the next, so that a short burst of agent, run and
// preload is not throttled for the rest of a period. Kernels before 5.14 have no such file.
void allow_burst(const std::string& id, double cpus) {
  const std::string burst = std::to_string(static_cast<long>(std::min(cpus, 1.0) * 100'000));
  for (const std::string& path :
       {"/sys/fs/cgroup/forge/" + id + "/cpu.max.burst", "/sys/fs/cgroup/cpu/forge/" + id + "/cpu.cfs_burst_us"}) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file && ::write(file.get(), burst.data(), burst.size()) > 0) return;
  }
}

// On one line.
std::string end_of_log(const std::string& path) {
  constexpr std::size_t kBytesMax = 500;
  std::string text = read_text(path);
  if (text.size() > kBytesMax) text.erase(0, text.size() - kBytesMax);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ';');
  return text.empty() ? std::string() : ": " + text;
}

// Of the container's control group, which its next one does not continue.
std::uint64_t oom_kills(const std::string& id) {
  for (const std::string& path :
       {"/sys/fs/cgroup/forge/" + id + "/memory.events", "/sys/fs/cgroup/memory/forge/" + id + "/memory.oom_control"}) {
    std::istringstream text(read_text(path));
    std::string name;
    for (std::uint64_t count = 0; text >> name >> count;) {
      if (name == "oom_kill") return count;
    }
  }
  return 0;
}

}  // namespace

bool Container::answers() const {
  return is_listening(places_.run_dir(name_), kSocket);
}

base::Result<void> Container::start(const Limits& limits, const Progress& progress) {
  if (answers()) return {};
  const std::string obstacle = options_.network == Network::internet ? network_obstacle() : std::string();
  if (!obstacle.empty()) progress("no network in this sandbox: " + obstacle);
  const bool with_network = options_.network == Network::internet && obstacle.empty();

  if (base::Result<void> cleared = clear(); !cleared) return cleared;
  if (base::Result<void> written = write_bundle(limits, with_network); !written) return written;
  progress("starting the container");
  if (base::Result<void> launched = launch(with_network, progress); !launched) {
    if (base::Result<void> cleared = clear(); !cleared) {
      options_.log(base::LogLevel::warning, "sandbox " + name_ + ": " + cleared.error().detail);
    }
    return launched;
  }
  allow_burst(places_.container_id(name_), limits.cpus_max);
  return {};
}

base::Result<void> Container::stop() {
  const int pid = process_id();
  if (pid > 0) {
    const UniqueFd process = open_process(pid);
    if (process && process_id() == pid) {
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0);
      has_ended(process, kStopGrace);
    }
  }
  return clear();
}

base::Result<std::string> Container::runtime(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {runtime_, "--root", places_.runtime_root()});
  const base::Result<CommandResult> result = run_command(arguments);
  if (!result) return result.error();
  if (!result->ok()) return base::fail(Errc::start_failed, result->complaint());
  return result->output;
}

bool Container::is_known() const {
  std::error_code ignored;
  return fs::exists(places_.runtime_root() + "/" + places_.container_id(name_), ignored);
}

// Ends whatever is left of the container, and its network helper with it.
base::Result<void> Container::clear() {
  if (is_known()) {
    oom_kills_before_ = oom_kills(places_.container_id(name_));
    const base::Result<std::string> deleted = runtime({"delete", "--force", places_.container_id(name_)});
    if (!deleted) {
      return base::fail(Errc::start_failed, "cannot end the sandbox's container: " + deleted.error().detail);
    }
  }
  ::unlink((places_.run_dir(name_) + "/" + kSocket).c_str());
  ::unlink((places_.box(name_) + "/pid").c_str());
  return {};
}

base::Result<void> Container::write_bundle(const Limits& limits, bool with_network) {
  const base::Result<std::uint32_t> first_id = places_.furnish(name_, options_);
  if (!first_id) return first_id.error();
  const std::string box = places_.box(name_);
  std::error_code ignored;
  BundleSpec spec{.name = name_,
                  .container_id = places_.container_id(name_),
                  .limits = limits,
                  .first_id = *first_id,
                  .open_files_max = open_files_max(),
                  .limit_swap = swap_is_limited(),
                  .limit_shared_memory = shared_memory_is_limited(),
                  .rootfs = fs::weakly_canonical(options_.rootfs, ignored).string(),  // runtimes take no link
                  .home = places_.home(name_),
                  .run_dir = places_.run_dir(name_),
                  .journal = places_.journal(name_),
                  .agent = places_.agent(),
                  .hosts = box + "/hosts",
                  .resolv_conf = box + "/resolv.conf",
                  .ca_bundle = options_.ca_bundle,
                  .oom_kills_before = oom_kills_before_};
  const std::string hosts = "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 " + name_ + "\n";
  const std::string resolver = with_network ? std::string("nameserver ") + kHelperResolver + "\n" : std::string();
  if (base::Result<void> written = write_text(spec.hosts, hosts); !written) return written;
  if (base::Result<void> written = write_text(spec.resolv_conf, resolver); !written) return written;
  return write_text(box + "/config.json", boost::json::serialize(oci_config(spec)));
}

base::Result<void> Container::launch(bool with_network, const Progress& progress) {
  const std::string log_path = places_.box(name_) + "/agent.log";
  const UniqueFd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  base::Result<NetworkHelper::Leash> leash = NetworkHelper::make_leash();
  if (!log || !leash) return base::fail(Errc::start_failed, "cannot open " + log_path + ": " + std::strerror(errno));

  if (base::Result<void> created = create(leash->container_end.get(), log.get()); !created) return created;
  leash->container_end.reset();
  const int pid = process_id();
  const bool has_helper = with_network && open_network(pid, *leash, progress);
  if (base::Result<std::string> started = runtime({"start", places_.container_id(name_)}); !started) {
    return base::fail(Errc::start_failed, "the container did not start: " + started.error().detail + last_words());
  }
  if (base::Result<void> answered = await_agent(pid); !answered) return answered;
  if (!has_helper) return {};
  // Meanwhile the agent has started: the first run finds its network.
  if (const base::Result<void> ready = NetworkHelper::await_ready(*leash); !ready) {
    base::Error why = ready.error();
    why.detail += end_of_log(network_log());
    no_network(why, progress);
  }
  return {};
}

// The container's process waits in its namespaces and runs nothing yet.
base::Result<void> Container::create(int stdin_fd, int log_fd) {
  const std::string box = places_.box(name_);
  const base::Result<CommandResult> result =
      run_command({runtime_, "--root", places_.runtime_root(), "create", "--bundle", box, "--pid-file", box + "/pid",
                   places_.container_id(name_)},
                  {.stdin_fd = stdin_fd, .output_fd = log_fd});
  if (!result) return result.error();
  if (!result->ok()) return base::fail(Errc::start_failed, "the container cannot be made" + last_words());
  return {};
}

// Where this fails the sandbox has no network: its namespace holds nothing but a loopback device.
bool Container::open_network(int pid, NetworkHelper::Leash& leash, const Progress& progress) {
  const UniqueFd log(::open(network_log().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  const std::string rules = network_rules(options_.network_allow, own_addresses());
  const base::Result<void> ruled = NetworkHelper::apply_rules(pid, rules);
  const base::Result<int> started =
      ruled ? NetworkHelper::start(pid, leash, log.get()) : base::Result<int>(ruled.error());
  if (!started) no_network(started.error(), progress);
  return started.has_value();
}

void Container::no_network(const base::Error& why, const Progress& progress) {
  progress("no network in this sandbox: " + why.detail);
  options_.log(base::LogLevel::warning, "sandbox " + name_ + " has no network: " + why.detail);
}

base::Result<void> Container::await_agent(int pid) {
  const UniqueFd process = open_process(pid);
  const auto deadline = Clock::now() + kAgentDeadline;
  while (!answers()) {
    if (has_ended(process, std::chrono::milliseconds(1))) {
      return base::fail(Errc::start_failed, "the agent ended at once" + last_words());
    }
    if (Clock::now() >= deadline) {
      return base::fail(Errc::timeout, "the agent does not answer" + last_words());
    }
  }
  return {};
}

// Of the container's first process, 0 where it is gone; ids are used again, so its cgroup must be ours.
int Container::process_id() const {
  int pid = 0;
  std::istringstream(read_text(places_.box(name_) + "/pid")) >> pid;
  const std::string cgroups = pid > 0 ? read_text("/proc/" + std::to_string(pid) + "/cgroup") : std::string();
  return cgroups.find("/forge/" + places_.container_id(name_) + "\n") != std::string::npos ? pid : 0;
}

std::string Container::last_words() const {
  std::string text = read_text(places_.box(name_) + "/agent.log");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t line = text.rfind('\n');
  if (line != std::string::npos) text = text.substr(line + 1);
  return text.empty() ? std::string() : ": " + text.substr(0, 1000);
}

}  // namespace sandbox::local

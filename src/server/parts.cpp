#include "server/parts.h"

#include <system_error>
#include <utility>

#include "sandbox/local/host.h"
#include "sandbox/local/local_spawner.h"

namespace server {
namespace local = sandbox::local;

base::Result<void> make_data_dir(const Settings& settings) {
  std::error_code failed;
  std::filesystem::create_directories(settings.data_dir, failed);
  if (!failed) return {};
  return base::Error{failed, "The data folder " + settings.data_dir.string() + " cannot be made: " + failed.message() +
                                 ". Set FORGE_DATA_DIR to a folder of yours."};
}

local::LocalOptions local_options(const Settings& settings, base::Logger log) {
  local::LocalOptions options;
  options.data_dir = settings.data_dir.string();
  options.rootfs = settings.image.string();
  options.agent_path = settings.agent.string();
  options.runtime = settings.runtime;
  options.network = settings.network == "none" ? local::Network::none : local::Network::internet;
  options.network_allow = settings.network_allow;
  options.ca_bundle = settings.ca_bundle.string();
  options.log = std::move(log);
  return options;
}

std::shared_ptr<sandbox::Spawner> make_spawner(const Settings& settings, base::Logger log) {
  return std::make_shared<local::LocalSpawner>(local_options(settings, std::move(log)));
}

std::string why_no_sandboxes(const Settings& settings) {
  const auto able = local::require_host(local_options(settings, [](base::LogLevel, std::string_view) {}));
  return able ? std::string() : able.error().message();
}

}  // namespace server

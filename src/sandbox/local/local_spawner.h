#pragma once

// LocalSpawner: sandboxes as containers of an OCI runtime on this machine.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include "sandbox/local/container.h"
#include "sandbox/local/host.h"
#include "sandbox/local/local_options.h"
#include "sandbox/local/places.h"
#include "sandbox/spawner.h"

namespace sandbox::local {

// Holds nothing that cannot be found again: another LocalSpawner with the same data folder, now or later, finds the
// same sandboxes. Containers outlive it. Blocking work runs on threads of its own, one thing at a time for each name;
// it must end before the io_contexts of its callers do.
class LocalSpawner final : public Spawner {
 public:
  explicit LocalSpawner(LocalOptions options);
  ~LocalSpawner() override;

  boost::asio::awaitable<base::Result<void>> start(SandboxSpec spec, Progress progress) override;
  boost::asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> connect(std::string name) override;
  boost::asio::awaitable<base::Result<void>> stop(std::string name) override;
  boost::asio::awaitable<base::Result<void>> remove(std::string name) override;
  boost::asio::awaitable<base::Result<std::vector<SandboxInfo>>> list() override;

 private:
  using Lane = boost::asio::strand<boost::asio::thread_pool::executor_type>;

  Lane lane(const std::string& name);
  // Checks the machine and makes the folders, until it succeeded once; then it is free.
  base::Result<void> prepare();
  base::Result<void> start_now(const SandboxSpec& spec, const Progress& progress);
  base::Result<void> stop_now(const std::string& name);
  base::Result<void> remove_now(const std::string& name);
  base::Result<std::vector<SandboxInfo>> list_now();
  Container container(const std::string& name) { return {*places_, options_, runtime_, name}; }

  const LocalOptions options_;
  std::mutex mutex_;
  std::optional<Places> places_;  // set once, by prepare()
  std::string runtime_;
  boost::asio::thread_pool pool_;
  std::map<std::string, Lane, std::less<>> lanes_;  // as many as sandboxes were named
  std::set<std::string, std::less<>> starting_;
};

}  // namespace sandbox::local

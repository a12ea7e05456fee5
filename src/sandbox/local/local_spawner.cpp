#include "sandbox/local/local_spawner.h"

#include <algorithm>
#include <filesystem>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/run_on.h"
#include "sandbox/local/unix_stream.h"

namespace sandbox::local {
namespace {

namespace asio = boost::asio;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

base::Error bad_name(std::string_view name) {
  std::string detail(name.substr(0, 80));
  detail += " is no sandbox's name: use 1 to 63 of a-z, 0-9 and inner hyphens";
  return base::fail(Errc::not_found, std::move(detail));
}

// Progress is told where the caller lives.
Progress told_on(asio::any_io_executor executor, Progress progress) {
  return [executor = std::move(executor), progress = std::move(progress)](std::string_view line) {
    if (progress) asio::post(executor, [progress, text = std::string(line)] { progress(text); });
  };
}

}  // namespace

LocalSpawner::LocalSpawner(LocalOptions options) : options_(std::move(options)), pool_(kWorkers) {}

LocalSpawner::~LocalSpawner() {
  pool_.join();
}

asio::awaitable<base::Result<void>> LocalSpawner::start(SandboxSpec spec, Progress progress) {
  if (!is_name(spec.name)) co_return bad_name(spec.name);
  Lane lane = this->lane(spec.name);
  Progress told = told_on(co_await asio::this_coro::executor, std::move(progress));
  auto work = [this, spec = std::move(spec), told = std::move(told)] { return start_now(spec, told); };
  co_return co_await base::run_on(lane, std::move(work));
}

asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> LocalSpawner::connect(std::string name) {
  if (!is_name(name)) co_return bad_name(name);
  std::string folder;
  {
    std::lock_guard lock(mutex_);
    if (places_) folder = places_->run_dir(name);
  }
  if (folder.empty()) {
    // The first call after the server's start, to a sandbox that went on without it.
    Lane lane = this->lane(name);
    auto work = [this] { return prepare(); };
    const base::Result<void> prepared = co_await base::run_on(lane, std::move(work));
    if (!prepared) co_return prepared.error();
    folder = places_->run_dir(name);
  }
  co_return co_await connect_unix(std::move(folder), "agent.sock");
}

asio::awaitable<base::Result<void>> LocalSpawner::stop(std::string name) {
  if (!is_name(name)) co_return bad_name(name);
  Lane lane = this->lane(name);
  auto work = [this, name = std::move(name)] { return stop_now(name); };
  co_return co_await base::run_on(lane, std::move(work));
}

asio::awaitable<base::Result<void>> LocalSpawner::remove(std::string name) {
  if (!is_name(name)) co_return bad_name(name);
  Lane lane = this->lane(name);
  auto work = [this, name = std::move(name)] { return remove_now(name); };
  co_return co_await base::run_on(lane, std::move(work));
}

asio::awaitable<base::Result<std::vector<SandboxInfo>>> LocalSpawner::list() {
  auto work = [this] { return list_now(); };
  co_return co_await base::run_on(pool_, std::move(work));
}

LocalSpawner::Lane LocalSpawner::lane(const std::string& name) {
  std::lock_guard lock(mutex_);
  return lanes_.try_emplace(name, asio::make_strand(pool_)).first->second;
}

base::Result<void> LocalSpawner::prepare() {
  std::lock_guard lock(mutex_);
  if (places_) return {};
  if (base::Result<void> able = require_host(options_); !able) return able;
  base::Result<std::string> runtime = choose_runtime(options_);
  if (!runtime) return runtime.error();
  base::Result<Places> places = Places::prepare(options_);
  if (!places) return places.error();
  runtime_ = std::move(*runtime);
  places_ = std::move(*places);
  return {};
}

base::Result<void> LocalSpawner::start_now(const SandboxSpec& spec, const Progress& progress) {
  if (base::Result<void> prepared = prepare(); !prepared) return prepared;
  if (container(spec.name).answers()) return {};
  const base::Result<UniqueFd> held = places_->lock(spec.name);
  if (!held) return held.error();
  {
    std::lock_guard lock(mutex_);
    starting_.insert(spec.name);
  }
  base::Result<void> started = container(spec.name).start(spec.limits, progress);
  std::lock_guard lock(mutex_);
  starting_.erase(spec.name);
  return started;
}

base::Result<void> LocalSpawner::stop_now(const std::string& name) {
  if (base::Result<void> prepared = prepare(); !prepared) return prepared;
  const base::Result<UniqueFd> held = places_->lock(name);
  if (!held) return held.error();
  return container(name).stop();
}

base::Result<void> LocalSpawner::remove_now(const std::string& name) {
  if (base::Result<void> prepared = prepare(); !prepared) return prepared;
  const base::Result<UniqueFd> held = places_->lock(name);
  if (!held) return held.error();
  if (base::Result<void> stopped = container(name).stop(); !stopped) return stopped;
  return places_->remove(name);
}

base::Result<std::vector<SandboxInfo>> LocalSpawner::list_now() {
  if (base::Result<void> prepared = prepare(); !prepared) return prepared.error();
  std::vector<SandboxInfo> infos;
  for (std::string& name : places_->names()) {
    SandboxInfo info{std::move(name), State::stopped};
    if (container(info.name).answers()) info.state = State::running;
    std::lock_guard lock(mutex_);
    if (info.state == State::stopped && starting_.contains(info.name)) info.state = State::starting;
    infos.push_back(std::move(info));
  }
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return infos;
}

}  // namespace sandbox::local

#include "execution/sandbox_links.h"

#include <functional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace execution {
namespace asio = boost::asio;

struct SandboxLinks::Place {
  Place(std::string name, asio::any_io_executor on)
      : name(std::move(name)), executor(std::move(on)), opened(executor, asio::steady_timer::time_point::max()) {}

  Link current() {
    const std::lock_guard lock(mutex);
    return link && link->alive() ? link : nullptr;
  }
  void set(Link to) {
    const std::lock_guard lock(mutex);
    link = std::move(to);
  }
  void tell(const std::string& now) {
    const std::lock_guard lock(mutex);
    cause = now;
    for (const auto& listener : listeners) listener(cause);
  }
  void listen(const sandbox::Progress& progress) {
    const std::lock_guard lock(mutex);
    if (!progress) return;
    if (!cause.empty()) progress(cause);
    listeners.push_back(progress);
  }
  void clear_listeners() {
    const std::lock_guard lock(mutex);
    listeners.clear();
    cause.clear();
  }

  const std::string name;
  const asio::any_io_executor executor;

  std::mutex mutex;  // the next three come from several threads
  Link link;
  std::string cause;
  std::vector<sandbox::Progress> listeners;

  bool opening = false;  // on the executor
  asio::steady_timer opened;
};

SandboxLinks::SandboxLinks(std::vector<asio::any_io_executor> executors, std::shared_ptr<sandbox::Spawner> spawner,
                           sandbox::Limits limits)
    : executors_(std::move(executors)), spawner_(std::move(spawner)), limits_(limits) {}

std::shared_ptr<SandboxLinks::Place> SandboxLinks::place_of(const std::string& sandbox) {
  const std::lock_guard lock(mutex_);
  auto& place = places_[sandbox];
  if (!place) {
    const auto& executor = executors_[std::hash<std::string>{}(sandbox) % executors_.size()];
    place = std::make_shared<Place>(sandbox, executor);
  }
  return place;
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::get(std::string sandbox, IfStopped if_stopped,
                                                                    sandbox::Progress progress) {
  auto place = place_of(sandbox);
  if (auto link = place->current()) co_return link;
  const auto executor = place->executor;
  co_return co_await asio::co_spawn(
      executor, open(shared_from_this(), std::move(place), if_stopped, std::move(progress)), asio::use_awaitable);
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::open(std::shared_ptr<SandboxLinks> self,
                                                                     std::shared_ptr<Place> place, IfStopped if_stopped,
                                                                     sandbox::Progress progress) {
  place->listen(progress);
  while (place->opening) {
    boost::system::error_code woken;
    co_await place->opened.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (auto link = place->current()) co_return link;
  place->opening = true;
  auto link = co_await self->connect(place, if_stopped);
  if (link) place->set(*link);
  place->opening = false;
  place->clear_listeners();
  place->opened.cancel();
  co_return link;
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::connect(std::shared_ptr<Place> place,
                                                                        IfStopped if_stopped) {
  auto link = co_await connect_once(place);
  if (link || if_stopped == IfStopped::fail) co_return link;
  // Named: GCC 12 destroys aggregates twice that are made inside a co_await.
  sandbox::SandboxSpec spec{.name = place->name, .limits = limits_};
  sandbox::Progress tell = [place](std::string_view cause) { place->tell(std::string(cause)); };
  const auto started = co_await spawner_->start(std::move(spec), std::move(tell));
  if (!started) co_return started.error();
  co_return co_await connect_once(place);
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::connect_once(std::shared_ptr<Place> place) {
  auto stream = co_await spawner_->connect(place->name);
  if (!stream) co_return stream.error();
  co_return co_await sandbox::AgentLink::open(place->executor, std::move(*stream));
}

}  // namespace execution

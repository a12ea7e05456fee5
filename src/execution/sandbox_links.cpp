#include "execution/sandbox_links.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "execution/limits.h"

namespace execution {
namespace asio = boost::asio;

namespace {

asio::awaitable<void> wait_for(asio::steady_timer& timer) {
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

}  // namespace

// One attempt to connect, whose outcome everybody gets who asked meanwhile.
struct SandboxLinks::Opening {
  Opening(const asio::any_io_executor& executor, IfStopped policy)
      : if_stopped(policy), done(executor, asio::steady_timer::time_point::max()) {}

  const IfStopped if_stopped;
  asio::steady_timer done;
  base::Result<Link> result = base::fail(sandbox::Errc::lost, "The connection to the sandbox was given up.");
};

struct SandboxLinks::Place {
  Place(std::string name, asio::any_io_executor on) : name(std::move(name)), executor(std::move(on)) {}

  Link current() {
    const std::lock_guard lock(mutex);
    return link && link->alive() ? link : nullptr;
  }
  void set(Link to) {
    const std::lock_guard lock(mutex);
    link = std::move(to);
  }

  // On the executor from here on.
  void tell(const std::string& now) {
    if (!opening) return;
    cause = now;
    for (const auto& listener : listeners) listener(cause);
  }
  void listen(sandbox::Progress progress) {
    if (!progress) return;
    if (!cause.empty()) progress(cause);
    listeners.push_back(std::move(progress));
  }

  const std::string name;
  const asio::any_io_executor executor;

  std::mutex mutex;
  Link link;

  std::shared_ptr<Opening> opening;
  std::string cause;
  std::vector<sandbox::Progress> listeners;
};

SandboxLinks::SandboxLinks(std::vector<asio::any_io_executor> executors, std::shared_ptr<sandbox::Spawner> spawner,
                           sandbox::Limits limits)
    : executors_(std::move(executors)), spawner_(std::move(spawner)), limits_(limits) {}

SandboxLinks::~SandboxLinks() {
  for (const auto& [name, place] : places_) {
    if (const auto link = place->current()) link->close();
  }
}

std::shared_ptr<SandboxLinks::Place> SandboxLinks::place_of(const std::string& sandbox,
                                                            const asio::any_io_executor& caller) {
  const std::lock_guard lock(mutex_);
  auto& place = places_[sandbox];
  if (!place) {
    // With its first caller, so that its output mostly crosses to no other thread.
    const bool is_ours = std::find(executors_.begin(), executors_.end(), caller) != executors_.end();
    place = std::make_shared<Place>(
        sandbox, is_ours ? caller : executors_[std::hash<std::string>{}(sandbox) % executors_.size()]);
  }
  return place;
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::get(std::string sandbox, IfStopped if_stopped,
                                                                    sandbox::Progress progress) {
  const asio::any_io_executor caller = co_await asio::this_coro::executor;
  auto place = place_of(sandbox, caller);
  if (auto link = place->current()) co_return link;
  const auto executor = place->executor;
  co_return co_await asio::co_spawn(
      executor, open(shared_from_this(), std::move(place), if_stopped, std::move(progress)), asio::use_awaitable);
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::open(std::shared_ptr<SandboxLinks> self,
                                                                     std::shared_ptr<Place> place, IfStopped if_stopped,
                                                                     sandbox::Progress progress) {
  while (const auto joined = place->opening) {
    place->listen(progress);
    co_await wait_for(joined->done);
    if (joined->result || joined->if_stopped == IfStopped::start_it || if_stopped == IfStopped::fail) {
      co_return joined->result;
    }
  }
  if (auto link = place->current()) co_return link;

  // Those who wait are let go however this ends.
  struct Turn {
    Turn(std::shared_ptr<Place> at, IfStopped policy)
        : place(std::move(at)), opening(std::make_shared<Opening>(place->executor, policy)) {
      place->opening = opening;
    }
    ~Turn() {
      place->opening = nullptr;
      place->cause.clear();
      place->listeners.clear();
      opening->done.cancel();
    }
    std::shared_ptr<Place> place;
    std::shared_ptr<Opening> opening;
  };
  const Turn turn(place, if_stopped);
  place->listen(std::move(progress));
  auto link = co_await self->connect(place, if_stopped);
  if (link) place->set(*link);
  turn.opening->result = link;
  co_return link;
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::connect(std::shared_ptr<Place> place,
                                                                        IfStopped if_stopped) {
  auto link = co_await connect_once(place);
  if (if_stopped == IfStopped::fail) co_return link;
  asio::steady_timer pause(place->executor);
  for (int attempt = 0; !link && attempt < kConnectAttempts; ++attempt) {
    if (attempt > 0) {
      pause.expires_after(kConnectDelay * attempt);
      co_await wait_for(pause);
    }
    // Named: GCC 12 destroys aggregates twice that are made inside a co_await.
    sandbox::SandboxSpec spec{.name = place->name, .limits = limits_};
    sandbox::Progress tell = [place](std::string_view cause) {
      asio::dispatch(place->executor, [place, cause = std::string(cause)] { place->tell(cause); });
    };
    const auto started = co_await spawner_->start(std::move(spec), std::move(tell));
    if (!started) co_return started.error();
    link = co_await connect_once(place);
  }
  co_return link;
}

asio::awaitable<base::Result<SandboxLinks::Link>> SandboxLinks::connect_once(std::shared_ptr<Place> place) {
  auto stream = co_await spawner_->connect(place->name);
  if (!stream) co_return stream.error();
  co_return co_await sandbox::AgentLink::open(place->executor, std::move(*stream));
}

}  // namespace execution

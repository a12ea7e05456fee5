#include <cstdio>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "sandbox/spawner.h"
#include "server/commands.h"
#include "server/log.h"
#include "server/parts.h"

namespace server {
namespace asio = boost::asio;

namespace {

asio::awaitable<int> stop_all(std::shared_ptr<sandbox::Spawner> spawner) {
  const auto sandboxes = co_await spawner->list();
  if (!sandboxes) {
    std::fprintf(stderr, "forge: %s\n", sandboxes.error().message().c_str());
    co_return 1;
  }
  int stopped = 0;
  int status = 0;
  for (const auto& sandbox : *sandboxes) {
    if (sandbox.state == sandbox::State::stopped) continue;
    const auto done = co_await spawner->stop(sandbox.name);
    if (done) {
      ++stopped;
    } else {
      std::fprintf(stderr, "forge: %s: %s\n", sandbox.name.c_str(), done.error().message().c_str());
      status = 1;
    }
  }
  std::printf("%d %s stopped; files stay\n", stopped, stopped == 1 ? "sandbox" : "sandboxes");
  co_return status;
}

}  // namespace

int stop_sandboxes(const Settings& settings) {
  const auto spawner = make_spawner(settings, make_logger(settings.log_level));
  asio::io_context context(1);
  auto status = asio::co_spawn(context, stop_all(spawner), asio::use_future);
  context.run();
  return status.get();
}

}  // namespace server

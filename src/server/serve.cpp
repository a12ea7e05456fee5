#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "accounts/account_service.h"
#include "accounts/sqlite/sqlite_store.h"
#include "execution/execution_service.h"
#include "gateway/events/events_gateway.h"
#include "gateway/http/listener.h"
#include "sandbox/local/local_spawner.h"
#include "server/commands.h"
#include "server/io_pool.h"
#include "server/log.h"
#include "server/parts.h"
#include "socketio/server.h"

namespace server {
namespace asio = boost::asio;
namespace http = gateway::http;

namespace {

constexpr std::chrono::milliseconds kGoodbye{500};  // for what is on its way to clients when the server stops

bool is_open(const Settings& settings, bool loopback) {
  return settings.open_mode == "on" || (settings.open_mode == "auto" && loopback);
}

// As many connections as the system lets this process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

asio::awaitable<void> prepare(std::shared_ptr<execution::ExecutionService> executions, std::string sandbox,
                              base::Logger log) {
  const auto ready = co_await executions->prepare(sandbox, [](std::string_view) {});
  if (!ready) log(base::LogLevel::warning, "sandbox " + sandbox + ": " + ready.error().message());
}

asio::awaitable<void> end_at_signal(asio::signal_set& signals, std::shared_ptr<http::Listener> listener,
                                    std::shared_ptr<socketio::Server> socketio, asio::io_context& main) {
  co_await signals.async_wait(asio::use_awaitable);
  signals.clear();
  std::signal(SIGINT, SIG_DFL);  // a second Ctrl-C ends at once
  listener->stop();
  socketio->shutdown();
  asio::steady_timer timer(main, kGoodbye);
  for (int waited = 0; listener->connections() > 0 && waited < 10; ++waited) {
    timer.expires_after(kGoodbye / 10);
    co_await timer.async_wait(asio::use_awaitable);
  }
  main.stop();
}

std::string url_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  std::string host = address.is_unspecified() ? "127.0.0.1" : address.to_string();
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(endpoint.port());
}

int refuse(const base::Error& error) {
  std::fprintf(stderr, "forge: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int serve(const Settings& settings) {
  const base::Logger log = make_logger(settings.log_level);
  const Remarks remarks = remarks_on(settings);
  for (const auto& warning : remarks.warnings) log(base::LogLevel::warning, warning);
  if (!remarks.errors.empty()) return refuse({{}, remarks.errors.front()});
  raise_descriptor_limit();

  const auto endpoint = http::endpoint_of(settings.listen, settings.port);
  if (!endpoint) return refuse(endpoint.error());
  const auto open_mode =
      is_open(settings, endpoint->address().is_loopback()) ? accounts::OpenMode::on : accounts::OpenMode::off;
  if (const auto made = make_data_dir(settings); !made) return refuse(made.error());
  const auto store = accounts::sqlite::open_store(settings.data_dir / "accounts.sqlite");
  if (!store) return refuse(store.error());

  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  IoPool pool(settings.threads == 0 ? cores : settings.threads);
  const auto executors = pool.executors();
  const auto accounts = std::make_shared<accounts::AccountService>(*store, open_mode);
  const auto spawner = make_spawner(settings, log);
  const auto executions = execution::make_execution_service(executors, spawner, settings.limits());

  const auto door = std::make_shared<const http::Door>(http::DoorOptions{.listen_address = settings.listen,
                                                                         .allowed_hosts = settings.allowed_hosts,
                                                                         .allowed_origins = settings.allowed_origins});
  const auto socketio = socketio::make_server(executors.front(), {});
  socketio->allow_request([door](const socketio::Request& request) { return door->refuse(request); });
  gateway::events::serve_events(*socketio, {.accounts = accounts, .executions = executions});
  const auto routes = std::make_shared<const http::Routes>(http::RoutesOptions{
      .accounts = accounts,
      .on_registered =
          [executions, log, executor = executors.back()](const accounts::Account& account) {
            asio::co_spawn(executor, prepare(executions, account.container_id, log), asio::detached);
          },
      .no_sandboxes = why_no_sandboxes(settings),
      .page_folder = settings.web,
      .cookie_security = http::CookieSecurity::plain,
      .log = log});
  const auto listener = http::listen(executors, {.address = settings.listen, .port = settings.port},
                                     {.door = door, .routes = routes, .socketio = socketio, .log = log});
  if (!listener) return refuse(listener.error());

  asio::io_context main(1);
  asio::signal_set signals(main, SIGINT, SIGTERM);
  asio::co_spawn(main, end_at_signal(signals, *listener, socketio, main), asio::detached);
  pool.start();
  (*listener)->start();
  std::printf("PyRuntime Forge is at %s (Ctrl-C ends it; sandboxes and their runs go on)\n",
              url_of((*listener)->endpoint()).c_str());
  std::fflush(stdout);
  main.run();
  log(base::LogLevel::info, "stopped; sandboxes go on until `forge down` or their idle time");
  pool.stop();
  return 0;
}

}  // namespace server

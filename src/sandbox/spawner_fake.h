#pragma once

// FakeSpawner: sandboxes that are entries of a map. A connection's other end goes to `agent`, where a test may speak
// the agent's part; without one it stays open and silent until the sandbox is stopped.

#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "sandbox/socket_stream.h"
#include "sandbox/spawner.h"

namespace sandbox {

class FakeSpawner final : public Spawner {
 public:
  // Called on the executor of connect()'s caller, where the stream lives too.
  using Agent = std::function<void(const std::string& name, std::unique_ptr<ByteStream> stream)>;

  explicit FakeSpawner(Agent agent = {}) : agent_(std::move(agent)) {}
  ~FakeSpawner() override {
    for (auto& [name, box] : boxes_) box.hang_up();
  }

  boost::asio::awaitable<base::Result<void>> start(SandboxSpec spec, Progress progress) override {
    const std::lock_guard lock(mutex_);
    if (spec.name.empty() || spec.name.size() > 63) co_return base::fail(Errc::not_found, "that is no sandbox's name");
    Box& box = boxes_[spec.name];
    if (!box.running && progress) progress("starting");
    box.running = true;
    co_return base::Result<void>();
  }

  boost::asio::awaitable<base::Result<std::unique_ptr<ByteStream>>> connect(std::string name) override {
    using Socket = boost::asio::local::stream_protocol::socket;
    const auto executor = co_await boost::asio::this_coro::executor;
    int ends[2] = {-1, -1};
    {
      const std::lock_guard lock(mutex_);
      const auto box = boxes_.find(name);
      if (box == boxes_.end() || !box->second.running) co_return base::fail(Errc::lost, "the sandbox is not running");
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        co_return base::fail(Errc::unavailable, "no more sockets");
      }
      box->second.agent_ends.push_back(::dup(ends[1]));
    }
    Socket mine(executor, boost::asio::local::stream_protocol(), ends[0]);
    Socket agents(executor, boost::asio::local::stream_protocol(), ends[1]);
    if (agent_) agent_(name, make_socket_stream(std::move(agents)));
    co_return make_socket_stream(std::move(mine));
  }

  boost::asio::awaitable<base::Result<void>> stop(std::string name) override {
    const std::lock_guard lock(mutex_);
    if (const auto box = boxes_.find(name); box != boxes_.end()) box->second.hang_up();
    co_return base::Result<void>();
  }

  boost::asio::awaitable<base::Result<void>> remove(std::string name) override {
    const std::lock_guard lock(mutex_);
    if (const auto box = boxes_.find(name); box != boxes_.end()) {
      box->second.hang_up();
      boxes_.erase(box);
    }
    co_return base::Result<void>();
  }

  boost::asio::awaitable<base::Result<std::vector<SandboxInfo>>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<SandboxInfo> infos;
    for (const auto& [name, box] : boxes_) infos.push_back({name, box.running ? State::running : State::stopped});
    co_return infos;
  }

 private:
  struct Box {
    bool running = false;
    std::vector<int> agent_ends;  // kept open, so that nothing is read as an end before the stop

    void hang_up() {
      for (const int fd : std::exchange(agent_ends, {})) {
        ::shutdown(fd, SHUT_RDWR);
        ::close(fd);
      }
      running = false;
    }
  };

  Agent agent_;
  std::mutex mutex_;
  std::map<std::string, Box> boxes_;
};

}  // namespace sandbox

#pragma once

// LinkedService: the real ExecutionService over sandboxes and agents that a test drives.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>

#include "base/run_to_end.h"
#include "execution/execution_service.h"
#include "sandbox/agent_fake.h"
#include "sandbox/spawner_fake.h"
#include "sandbox/stream_fake.h"

namespace execution {

// Counts, fails and waits where a test wants it.
class TestSpawner final : public sandbox::Spawner {
 public:
  explicit TestSpawner(sandbox::FakeSpawner::Agent agent) : inner_(std::move(agent)) {}

  int starts = 0;
  int connects = 0;
  std::optional<base::Error> start_failure;
  int start_pauses = 0;  // turns of the loop that a start takes

  boost::asio::awaitable<base::Result<void>> start(sandbox::SandboxSpec spec, sandbox::Progress progress) override {
    ++starts;
    if (progress) progress("unpacking the image");
    for (int i = 0; i < start_pauses; ++i) {
      co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    }
    if (start_failure) co_return *start_failure;
    co_return co_await inner_.start(std::move(spec), std::move(progress));
  }
  boost::asio::awaitable<base::Result<std::unique_ptr<sandbox::ByteStream>>> connect(std::string name) override {
    ++connects;
    return inner_.connect(std::move(name));
  }
  boost::asio::awaitable<base::Result<void>> stop(std::string name) override { return inner_.stop(std::move(name)); }
  boost::asio::awaitable<base::Result<void>> remove(std::string name) override {
    return inner_.remove(std::move(name));
  }
  boost::asio::awaitable<base::Result<std::vector<sandbox::SandboxInfo>>> list() override { return inner_.list(); }

 private:
  sandbox::FakeSpawner inner_;
};

class LinkedService : public testing::Test {
 protected:
  LinkedService() { make_service(); }
  void TearDown() override {
    service = nullptr;
    for (const auto& [name, agent] : agents) agent->hang_up();
    context.restart();
    context.poll();
  }

  // As if another server took over.
  void make_service() { service = make_execution_service({context.get_executor()}, spawner, sandbox::Limits{}); }

  sandbox::FakeAgent& agent(const std::string& name = "alice") {
    auto& found = agents[name];
    if (!found) found = std::make_shared<sandbox::FakeAgent>();
    return *found;
  }

  template <class Value>
  Value run(boost::asio::awaitable<Value> coroutine) {
    return base::run_to_end(context, std::move(coroutine));
  }

  base::Result<Info> start(std::string id, std::string code = "pass") {
    StartRequest request;
    request.id = std::move(id);
    request.code = std::move(code);
    request.reader = "starter";
    const auto started = run(service->start("alice", std::move(request), {}));
    if (!started) return started.error();
    return started->info;
  }
  std::unique_ptr<Watch> watch(const std::string& id, std::uint64_t from = 0) {
    auto watch = run(service->watch("alice", id, from, "reader"));
    EXPECT_TRUE(watch) << watch.error().message();
    return watch ? std::move(*watch) : nullptr;
  }

  struct Read {
    std::string output;  // of both streams
    std::string errors;  // of stderr alone
    std::uint64_t missing = 0;
    std::shared_ptr<const Info> end;
  };
  // To its end, acknowledging each event.
  Read read(Watch& watch, std::uint64_t from = 0) { return run(read_all(watch, from)); }
  static boost::asio::awaitable<Read> read_all(Watch& watch, std::uint64_t from) {
    Read read;
    std::uint64_t at = from;
    while (true) {
      Event event = co_await watch.next();
      if (event.kind == Event::Kind::ended) {
        read.end = event.info;
        co_return read;
      }
      EXPECT_EQ(event.offset, at) << "bytes came twice, or not at all";
      at = event.offset + event.missing_bytes + event.data.size();
      read.missing += event.missing_bytes;
      read.output += event.data;
      if (event.stream == Stream::error) read.errors += event.data;
      watch.acknowledge(at);
    }
  }

  boost::asio::io_context context{1};
  std::map<std::string, std::shared_ptr<sandbox::FakeAgent>> agents;
  std::deque<sandbox::Faults> faults;  // of the connections to come
  std::shared_ptr<TestSpawner> spawner =
      std::make_shared<TestSpawner>([this](const std::string& name, std::unique_ptr<sandbox::ByteStream> stream) {
        sandbox::Faults mine;
        if (!faults.empty()) {
          mine = faults.front();
          faults.pop_front();
        }
        agent(name).serve(context.get_executor(), std::make_unique<sandbox::FaultyStream>(std::move(stream), mine));
      });
  std::shared_ptr<ExecutionService> service;
};

}  // namespace execution

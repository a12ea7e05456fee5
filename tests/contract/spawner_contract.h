#pragma once

// What every Spawner must do. A suite instantiates it with a maker of a fresh, empty spawner:
//   INSTANTIATE_TEST_SUITE_P(Fake, SpawnerContract, testing::Values(SpawnerMaker{...}));

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "sandbox/spawner.h"

namespace sandbox {

struct SpawnerMaker {
  std::string name;
  std::function<std::shared_ptr<Spawner>()> make;
};

inline void PrintTo(const SpawnerMaker& maker, std::ostream* out) {
  *out << maker.name;
}

class SpawnerContract : public testing::TestWithParam<SpawnerMaker> {
 protected:
  void TearDown() override {
    for (const SandboxInfo& info : list()) remove(info.name);
  }

  template <class Value>
  Value run(boost::asio::awaitable<Value> coroutine) {
    auto future = boost::asio::co_spawn(context_, std::move(coroutine), boost::asio::use_future);
    context_.restart();
    context_.run();
    return future.get();
  }

  boost::asio::awaitable<base::Result<void>> starting(std::string name) {
    return spawner_->start(SandboxSpec{std::move(name), {}}, {});
  }
  base::Result<void> start(std::string name) { return run(starting(std::move(name))); }
  base::Result<void> stop(std::string name) { return run(spawner_->stop(std::move(name))); }
  base::Result<void> remove(std::string name) { return run(spawner_->remove(std::move(name))); }
  auto connect(std::string name) { return run(spawner_->connect(std::move(name))); }
  std::vector<SandboxInfo> list() { return run(spawner_->list()).value(); }

  // "absent", "starting", "running" or "stopped".
  std::string state(const std::string& name) {
    for (const SandboxInfo& info : list()) {
      if (info.name != name) continue;
      return info.state == State::running ? "running" : info.state == State::stopped ? "stopped" : "starting";
    }
    return "absent";
  }

  boost::asio::io_context context_;
  std::shared_ptr<Spawner> spawner_ = GetParam().make();
};

#define EXPECT_DONE(call)                                          \
  do {                                                             \
    const auto outcome = (call);                                   \
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message(); \
  } while (false)

TEST_P(SpawnerContract, HasNothingAtFirst) {
  EXPECT_TRUE(list().empty());
}

TEST_P(SpawnerContract, CanBeConnectedToOnceStarted) {
  EXPECT_DONE(start("alice"));
  EXPECT_EQ(state("alice"), "running");
  EXPECT_DONE(connect("alice"));
  EXPECT_DONE(connect("alice"));
}

TEST_P(SpawnerContract, StartsOnceHoweverOftenItIsAsked) {
  EXPECT_DONE(start("alice"));
  EXPECT_DONE(start("alice"));
  EXPECT_EQ(list().size(), 1u);
}

TEST_P(SpawnerContract, CanBeStartedAgainAfterStop) {
  EXPECT_DONE(start("alice"));
  EXPECT_DONE(stop("alice"));
  EXPECT_EQ(state("alice"), "stopped");
  EXPECT_FALSE(connect("alice").has_value());
  EXPECT_DONE(start("alice"));
  EXPECT_DONE(connect("alice"));
}

TEST_P(SpawnerContract, StopsAndRemovesWhatIsNotThere) {
  EXPECT_DONE(stop("nobody"));
  EXPECT_DONE(remove("nobody"));
  EXPECT_EQ(state("nobody"), "absent");
  EXPECT_FALSE(connect("nobody").has_value());
}

TEST_P(SpawnerContract, ForgetsWhatWasRemoved) {
  EXPECT_DONE(start("alice"));
  EXPECT_DONE(remove("alice"));
  EXPECT_EQ(state("alice"), "absent");
  EXPECT_FALSE(connect("alice").has_value());
  EXPECT_DONE(remove("alice"));
  EXPECT_DONE(start("alice"));
}

TEST_P(SpawnerContract, EndsStreamsWhenTheSandboxStops) {
  EXPECT_DONE(start("alice"));
  auto stream = connect("alice");
  ASSERT_TRUE(stream.has_value());
  EXPECT_DONE(stop("alice"));
  std::array<char, 16> buffer{};
  EXPECT_FALSE(run((*stream)->read_some(boost::asio::buffer(buffer))).has_value());
}

TEST_P(SpawnerContract, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string(64, 'a')}) {
    const base::Result<void> started = start(name);
    ASSERT_FALSE(started.has_value());
    EXPECT_FALSE(started.error().detail.empty());
  }
  EXPECT_TRUE(list().empty());
}

TEST_P(SpawnerContract, TakesCallsAtTheSameTime) {
  std::vector<std::future<base::Result<void>>> calls;
  const auto add = [&](boost::asio::awaitable<base::Result<void>> call) {
    calls.push_back(boost::asio::co_spawn(context_, std::move(call), boost::asio::use_future));
  };
  for (int i = 0; i < 8; ++i) add(starting("alice"));
  for (const char* name : {"bob", "carol", "dave"}) add(starting(name));
  context_.restart();
  context_.run();
  for (auto& call : calls) EXPECT_DONE(call.get());
  EXPECT_EQ(list().size(), 4u);

  calls.clear();
  for (int i = 0; i < 4; ++i) add(spawner_->stop("alice"));
  for (int i = 0; i < 4; ++i) add(starting("alice"));
  context_.restart();
  context_.run();
  for (auto& call : calls) EXPECT_DONE(call.get());
  EXPECT_NE(state("alice"), "absent");
}

TEST_P(SpawnerContract, StopsOneAndLeavesTheOthers) {
  EXPECT_DONE(start("alice"));
  EXPECT_DONE(start("bob"));
  EXPECT_DONE(stop("alice"));
  EXPECT_EQ(state("bob"), "running");
  EXPECT_DONE(connect("bob"));
}

}  // namespace sandbox

#include <random>
#include <thread>

#include <boost/asio/co_spawn.hpp>

#include "execution/execution_service.h"
#include "execution/linked_service_fixture.h"

namespace execution {
namespace {

namespace asio = boost::asio;

// A run with turns of both streams, to be read in frames of seven bytes.
class WatchTest : public LinkedService {
 protected:
  static constexpr const char* kId = "aaaaaaaa";

  std::string make_run(int turns = 20) {
    sandbox::FakeAgent& agent = this->agent();
    agent.frame_bytes_max = 7;
    agent.outbox_bytes_max = 64;
    agent.program = [&agent, turns](const std::string& id) {
      for (int i = 0; i < turns; ++i) {
        agent.print(id, "line " + std::to_string(i) + " of the output\n");
        if (i % 3 == 0) agent.print(id, "warning " + std::to_string(i) + "\n", wire::STDERR);
      }
      agent.end(id);
    };
    EXPECT_TRUE(start(kId));
    return agent.runs.at(kId).output;
  }

  void expect_whole(const Read& read, const std::string& printed) {
    EXPECT_EQ(read.output, printed);
    EXPECT_EQ(read.missing, 0u);
    ASSERT_TRUE(read.end);
    EXPECT_EQ(read.end->status, Status::exited);
  }
};

TEST_F(WatchTest, GivesOutputOfBothStreamsAndTheEnd) {
  const std::string printed = make_run();
  const auto watch = this->watch(kId);
  EXPECT_EQ(watch->info().status, Status::exited);
  const Read read = this->read(*watch);
  expect_whole(read, printed);
  EXPECT_EQ(read.errors.substr(0, 10), "warning 0\n");
  EXPECT_EQ(run(watch->next()).info->status, Status::exited) << "the end stays";
}

TEST_F(WatchTest, BeginsAtAnOffsetAndTellsWhatIsMissing) {
  const std::string printed = make_run();
  EXPECT_EQ(read(*watch(kId, 100), 100).output, printed.substr(100));
  agent().drop(kId, 50);
  const Read read = this->read(*watch(kId, 20), 20);
  EXPECT_EQ(read.missing, 30u);
  EXPECT_EQ(read.output, printed.substr(50));
}

TEST_F(WatchTest, LosesAndDoublesNothingWhereverTheConnectionIsCut) {
  const std::string printed = make_run();
  const std::uint64_t before = agent().connections;
  bool is_cut = true;
  std::size_t cut = 0;
  for (; is_cut; ++cut) {
    SCOPED_TRACE("cut after " + std::to_string(cut) + " bytes from the agent");
    make_service();
    faults = {{.writes_until_cut = 1 << 20}, {.writes_until_cut = cut}};
    ASSERT_TRUE(run(service->prepare("alice", {})));
    agent().hang_up();
    context.poll();
    const auto connections = agent().connections;
    std::unique_ptr<Watch> watch;
    auto begun = run(service->watch("alice", kId, 0, "reader"));
    if (!begun) begun = run(service->watch("alice", kId, 0, "reader"));  // the sandbox seemed to be stopped
    ASSERT_TRUE(begun) << begun.error().message();
    expect_whole(read(**begun), printed);
    if (HasFailure()) return;
    is_cut = agent().connections > connections + 1;
  }
  EXPECT_GT(cut, printed.size());
  EXPECT_GT(agent().connections, before);
}

TEST_F(WatchTest, LosesAndDoublesNothingWhereverWhatIsSentToTheAgentIsCut) {
  const std::string printed = make_run();
  for (std::size_t cut = 0; cut < 400; ++cut) {
    SCOPED_TRACE("cut after " + std::to_string(cut) + " bytes to the agent");
    make_service();
    faults = {{.reads_until_cut = cut}};
    auto begun = run(service->watch("alice", kId, 0, "reader"));
    if (!begun) begun = run(service->watch("alice", kId, 0, "reader"));
    ASSERT_TRUE(begun) << begun.error().message();
    expect_whole(read(**begun), printed);
    if (HasFailure()) return;
  }
}

TEST_F(WatchTest, LosesAndDoublesNothingOverManyDisconnects) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string printed = make_run(1000);
  make_service();
  for (int i = 0; i < 10'000; ++i) {
    sandbox::Faults fault;
    (random() % 4 == 0 ? fault.reads_until_cut : fault.writes_until_cut) = 150 + random() % 600;
    fault.bytes_at_once = 1 + random() % 100;
    faults.push_back(fault);
  }
  const int before = agent().connections;
  expect_whole(read(*watch(kId)), printed);
  EXPECT_GT(agent().connections - before, 20);
}

TEST_F(WatchTest, ASandboxThatEndsUnderItIsStartedAgainAndReadFromThere) {
  make_run(0);
  agent().runs.at(kId).info.set_status(wire::RUNNING);
  agent().print(kId, "before");
  const auto watch = this->watch(kId);
  EXPECT_EQ(run(watch->next()).data, "before");
  ASSERT_TRUE(run(spawner->stop("alice")));
  agent().print(kId, " after");
  agent().end(kId, wire::SANDBOX_LOST, "the sandbox ended while it ran");
  const Read read = this->read(*watch, 6);
  EXPECT_EQ(read.output, " after");
  EXPECT_EQ(read.end->status, Status::sandbox_lost);
  EXPECT_EQ(spawner->starts, 2);
}

TEST_F(WatchTest, AnExecutionThatIsGoneAfterwardsIsLostWithAReason) {
  make_run(0);
  agent().runs.at(kId).info.set_status(wire::RUNNING);
  const auto watch = this->watch(kId);
  agent().runs.clear();
  agent().hang_up();
  const Read read = this->read(*watch);
  EXPECT_EQ(read.end->status, Status::sandbox_lost);
  EXPECT_EQ(read.end->reason,
            "the sandbox ended while it ran, and it was not found again: "
            "There is no such execution here (any more).");
}

TEST_F(WatchTest, ASandboxThatCannotBeStartedAgainIsLostAfterSomeTries) {
  make_run(0);
  agent().runs.at(kId).info.set_status(wire::RUNNING);
  agent().print(kId, "before");
  const auto watch = this->watch(kId);
  spawner->start_failure = base::fail(sandbox::Errc::unavailable, "There is no room for another sandbox.");
  ASSERT_TRUE(run(spawner->stop("alice")));
  const Read read = this->read(*watch);
  EXPECT_EQ(read.end->status, Status::sandbox_lost);
  EXPECT_NE(read.end->reason.find("There is no room for another sandbox."), std::string::npos) << read.end->reason;
  EXPECT_EQ(spawner->starts, 1 + 7);
}

TEST_F(WatchTest, AnEndThatWasKnownStaysThoughItsOutputIsGone) {
  const std::string printed = make_run();
  const auto watch = this->watch(kId);
  EXPECT_EQ(run(watch->next()).offset, 0u);
  agent().runs.clear();
  agent().hang_up();
  Event event = run(watch->next());
  while (event.kind == Event::Kind::output) event = run(watch->next());
  EXPECT_EQ(event.kind, Event::Kind::gap);
  EXPECT_EQ(event.offset + event.missing_bytes, printed.size());
  event = run(watch->next());
  EXPECT_EQ(event.info->status, Status::exited);
}

TEST_F(WatchTest, CancelEndsItAlsoWhileItWaitsForTheSandbox) {
  make_run(0);
  agent().runs.at(kId).info.set_status(wire::RUNNING);
  const auto watch = this->watch(kId);
  spawner->start_failure = base::fail(sandbox::Errc::unavailable, "not now");
  ASSERT_TRUE(run(spawner->stop("alice")));
  asio::co_spawn(
      context,
      [](TestSpawner& spawner, Watch& watch) -> asio::awaitable<void> {
        while (spawner.starts < 3) {
          co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
        watch.cancel();
      }(*spawner, *watch),
      asio::detached);
  const Event event = run(watch->next());
  EXPECT_EQ(event.kind, Event::Kind::ended);
  EXPECT_EQ(event.info, nullptr);
  EXPECT_LT(spawner->starts, 8);
  EXPECT_EQ(run(watch->next()).info, nullptr);
}

TEST_F(WatchTest, CancelFromAnotherThreadEndsAWaitingNext) {
  make_run(0);
  agent().runs.at(kId).info.set_status(wire::RUNNING);
  const auto watch = this->watch(kId);
  std::thread other([&watch] { watch->cancel(); });
  EXPECT_EQ(run(watch->next()).info, nullptr);
  other.join();
}

TEST_F(WatchTest, AcknowledgingTheEndReachesTheAgent) {
  const std::string printed = make_run();
  {
    const auto watch = this->watch(kId);
    read(*watch);
    watch->acknowledge(printed.size() + 1);
  }
  // The starter's watch went before.
  while (agent().requests[wire::ToAgent::kDetach] < 2) ASSERT_GT(context.run_one(), 0u);
  EXPECT_EQ(agent().runs.at(kId).info.readers().at("reader"), printed.size() + 1);
}

TEST_F(WatchTest, AConnectionThatAlwaysBreaksAtOnceIsGivenUp) {
  make_run();
  const auto watch = this->watch(kId);
  faults.assign(1000, {.writes_until_cut = 60});
  agent().hang_up();
  EXPECT_TRUE(read(*watch).end);
}

}  // namespace
}  // namespace execution

#include "execution/execution_service.h"

#include <deque>
#include <set>
#include <thread>

#include <boost/asio/co_spawn.hpp>

#include "execution/linked_service_fixture.h"
#include "sandbox/limits.h"

namespace execution {
namespace {

namespace asio = boost::asio;
using Body = wire::ToAgent::BodyCase;
using testing::Test;

class ExecutionServiceTest : public LinkedService {};

TEST_F(ExecutionServiceTest, StartStartsTheSandboxAndTellsWhatItWaitsFor) {
  std::vector<std::string> causes;
  StartRequest request{.id = "aaaaaaaa", .code = "print(1)", .labels = {{"by", "test"}}, .reader = "starter"};
  const auto started = run(
      service->start("alice", std::move(request), [&causes](std::string_view cause) { causes.emplace_back(cause); }));
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(started->info.id, "aaaaaaaa");
  EXPECT_EQ(started->info.status, Status::running);
  EXPECT_EQ(started->info.labels.at("by"), "test");
  EXPECT_EQ(agent().runs.at("aaaaaaaa").code, "print(1)");
  EXPECT_EQ(spawner->starts, 1);
  EXPECT_EQ(causes.front(), "unpacking the image");
}

TEST_F(ExecutionServiceTest, ManyStartsAtOnceShareOneSandboxStartAndOneLink) {
  spawner->start_pauses = 100;
  constexpr int kStarts = 100;
  int started = 0;
  std::set<int> told;
  for (int i = 0; i < kStarts; ++i) {
    StartRequest request{.id = "run" + std::to_string(10000 + i), .code = "pass", .labels = {}, .reader = "starter"};
    asio::co_spawn(context,
                   service->start("alice", std::move(request), [&told, i](std::string_view) { told.insert(i); }),
                   [&started](std::exception_ptr, const base::Result<Started>& info) {
                     EXPECT_TRUE(info) << info.error().message();
                     ++started;
                   });
  }
  while (started < kStarts) ASSERT_GT(context.run_one(), 0u);
  EXPECT_EQ(spawner->starts, 1);
  EXPECT_EQ(agent().connections, 1);
  EXPECT_EQ(agent().starts, kStarts);
  EXPECT_EQ(told.size(), std::size_t{kStarts});
}

TEST_F(ExecutionServiceTest, AFailedStartIsOneForAllWhoWaitAndSaysWhy) {
  spawner->start_pauses = 100;
  spawner->start_failure = base::fail(sandbox::Errc::unavailable, "There is no OCI runtime here; install runc.");
  int failed = 0;
  for (int i = 0; i < 20; ++i) {
    StartRequest request{.id = "run" + std::to_string(10000 + i), .code = "pass", .labels = {}, .reader = "starter"};
    asio::co_spawn(context, service->start("alice", std::move(request), {}),
                   [&failed](std::exception_ptr, const base::Result<Started>& info) {
                     ASSERT_FALSE(info);
                     EXPECT_EQ(info.error().code, Errc::sandbox_unavailable);
                     EXPECT_EQ(info.error().message(), "There is no OCI runtime here; install runc.");
                     ++failed;
                   });
  }
  while (failed < 20) ASSERT_GT(context.run_one(), 0u);
  EXPECT_EQ(spawner->starts, 1);
  spawner->start_failure.reset();
  EXPECT_TRUE(start("aaaaaaaa"));
}

TEST_F(ExecutionServiceTest, AStartWhoseAnswerIsLostIsRetriedAndIsOneStart) {
  ASSERT_TRUE(run(service->prepare("alice", {})));
  agent().hangs_up_after = {Body::kStart};
  const auto info = start("aaaaaaaa");
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(agent().requests[Body::kStart], 2);
  EXPECT_EQ(agent().starts, 1);
}

TEST_F(ExecutionServiceTest, AConnectionThatBreaksInItsHelloIsMadeAgain) {
  faults = {{.writes_until_cut = 3}, {.writes_until_cut = 5}};
  ASSERT_TRUE(run(service->prepare("alice", {})));
  faults = {{.writes_until_cut = 3}, {.writes_until_cut = 5}};
  agent().hang_up();
  ASSERT_TRUE(start("aaaaaaaa"));
}

TEST_F(ExecutionServiceTest, ARunThatCouldNotStartIsAnErrorWithItsReason) {
  agent().program = [this](const std::string& id) {
    agent().runs.at(id).info.set_status(wire::START_FAILED);
    agent().runs.at(id).info.set_reason("the interpreter could not be started: no memory");
  };
  const auto info = start("aaaaaaaa");
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Errc::sandbox_unavailable);
  EXPECT_EQ(info.error().message(), "The run did not start: the interpreter could not be started: no memory");
}

TEST_F(ExecutionServiceTest, RefusesIdsCodeAndInputThatItCannotTake) {
  for (const std::string id : {"", "short", "UPPERCASE1", "with-hyphen", "../../etc", "ümlautümlaut"}) {
    EXPECT_EQ(start(id).error().code, Errc::invalid) << id;
    EXPECT_EQ(run(service->stop("alice", id, "")).error().code, Errc::invalid) << id;
    EXPECT_EQ(run(service->watch("alice", id, 0, "reader")).error().code, Errc::invalid) << id;
  }
  EXPECT_EQ(start(std::string(33, 'a')).error().code, Errc::invalid);
  EXPECT_EQ(spawner->starts, 0);

  const auto code = start("aaaaaaaa", std::string(sandbox::kCodeBytesMax + 1, '#'));
  EXPECT_EQ(code.error().code, Errc::too_large);
  EXPECT_NE(code.error().message().find("10485761"), std::string::npos) << code.error().message();

  ASSERT_TRUE(start("aaaaaaaa"));
  const auto input = run(service->input("alice", "aaaaaaaa", std::string(sandbox::kInputBytesMax + 1, 'x'), {}));
  EXPECT_EQ(input.error().code, Errc::input_full);
  EXPECT_NE(input.error().message().find("32 MiB"), std::string::npos) << input.error().message();
  EXPECT_EQ(run(service->input("alice", "aaaaaaaa", std::string(sandbox::kInputBytesMax, 'x'), {})).value(),
            sandbox::kInputBytesMax);
}

TEST_F(ExecutionServiceTest, HandsOnInputItsEndStopAndInterrupt) {
  ASSERT_TRUE(start("aaaaaaaa"));
  EXPECT_EQ(run(service->input("alice", "aaaaaaaa", "one\n", {})).value(), 4u);
  EXPECT_EQ(run(service->input("alice", "aaaaaaaa", "two\n", 4)).value(), 8u);
  EXPECT_EQ(run(service->input("alice", "aaaaaaaa", "two\n", 4)).value(), 8u);
  EXPECT_EQ(agent().runs.at("aaaaaaaa").input, "one\ntwo\n");
  EXPECT_TRUE(run(service->end_input("alice", "aaaaaaaa")));
  EXPECT_TRUE(agent().runs.at("aaaaaaaa").info.input_closed());
  EXPECT_TRUE(run(service->interrupt("alice", "aaaaaaaa")));
  EXPECT_EQ(agent().runs.at("aaaaaaaa").output, "KeyboardInterrupt\n");
  const auto stopped = run(service->stop("alice", "aaaaaaaa", "stopped by you"));
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->status, Status::stopped);
  EXPECT_EQ(stopped->reason, "stopped by you");
  EXPECT_EQ(run(service->stop("alice", "unknown1", "")).error().code, Errc::not_found);
}

TEST_F(ExecutionServiceTest, WhatIsSafeToRepeatIsAskedAgainOverANewConnection) {
  ASSERT_TRUE(start("aaaaaaaa"));
  agent().hangs_up_after = {Body::kInput, Body::kList, Body::kStop, Body::kEndInput};
  EXPECT_EQ(run(service->input("alice", "aaaaaaaa", "once\n", 0)).value(), 5u);
  EXPECT_EQ(agent().runs.at("aaaaaaaa").input, "once\n");
  EXPECT_EQ(run(service->list("alice")).value().size(), 1u);
  EXPECT_TRUE(run(service->end_input("alice", "aaaaaaaa")));
  EXPECT_TRUE(run(service->stop("alice", "aaaaaaaa", "")));

  agent().hangs_up_after = {Body::kInput};
  const auto appended = run(service->input("alice", "aaaaaaaa", "more\n", {}));
  EXPECT_EQ(appended.error().code, Errc::sandbox_unavailable);
  EXPECT_EQ(agent().runs.at("aaaaaaaa").input, "once\nmore\n");
}

TEST_F(ExecutionServiceTest, AskingAfterAStoppedSandboxStartsNothing) {
  EXPECT_TRUE(run(service->list("alice")).value().empty());
  EXPECT_EQ(run(service->input("alice", "aaaaaaaa", "x", {})).error().code, Errc::not_found);
  EXPECT_EQ(run(service->watch("alice", "aaaaaaaa", 0, "reader")).error().code, Errc::not_found);
  EXPECT_EQ(spawner->starts, 0);
  ASSERT_TRUE(start("aaaaaaaa"));
  EXPECT_EQ(run(service->list("alice")).value().size(), 1u);
  ASSERT_TRUE(run(spawner->stop("alice")));
  EXPECT_TRUE(run(service->list("alice")).value().empty());
  EXPECT_EQ(spawner->starts, 1);
}

TEST_F(ExecutionServiceTest, AnotherServerFindsWhatRuns) {
  ASSERT_TRUE(start("aaaaaaaa"));
  agent().print("aaaaaaaa", "kept");
  make_service();
  const auto infos = run(service->list("alice"));
  ASSERT_TRUE(infos);
  ASSERT_EQ(infos->size(), 1u);
  EXPECT_EQ(infos->front().output_end, 4u);
  agent().end("aaaaaaaa");
  EXPECT_EQ(read(*watch("aaaaaaaa")).output, "kept");
  EXPECT_EQ(spawner->starts, 1);
}

TEST_F(ExecutionServiceTest, SandboxesAreApart) {
  StartRequest request{.id = "aaaaaaaa", .code = "pass", .labels = {}, .reader = "starter"};
  ASSERT_TRUE(run(service->start("bob", std::move(request), {})));
  ASSERT_TRUE(start("bbbbbbbb"));
  EXPECT_EQ(run(service->stop("alice", "aaaaaaaa", "")).error().code, Errc::not_found);
  EXPECT_EQ(run(service->list("bob")).value().front().id, "aaaaaaaa");
}

TEST_F(ExecutionServiceTest, ServesCallersOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kRuns = 20;
  const std::string printed(100'000, 'x');
  agent().program = [this, &printed](const std::string& id) {
    agent().print(id, printed);
    agent().end(id);
  };
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  std::deque<asio::io_context> contexts(kThreads);  // until nothing refers to them
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &printed, &done, &contexts] {
      base::run_to_end(
          contexts[static_cast<std::size_t>(thread)],
          [](std::shared_ptr<ExecutionService> with, int number, std::size_t bytes) -> asio::awaitable<int> {
            for (int i = 0; i < kRuns; ++i) {
              StartRequest request;
              request.id = "t" + std::to_string(number) + "run" + std::to_string(1000 + i);
              const std::string id = request.id;
              EXPECT_TRUE(co_await with->start("alice", std::move(request), {}));
              auto watch = co_await with->watch("alice", id, 0, "reader");
              EXPECT_TRUE(watch);
              const Read read = co_await read_all(**watch, 0);
              EXPECT_EQ(read.output.size(), bytes);
            }
            co_return 0;
          }(service, thread, printed.size()));
      ++done;
    });
  }
  const auto guard = asio::make_work_guard(context);
  while (done < kThreads) context.run_one_for(std::chrono::milliseconds(100));
  for (auto& thread : threads) thread.join();
  context.poll();
  EXPECT_EQ(spawner->starts, 1);
  EXPECT_EQ(agent().starts, kThreads * kRuns);
}

TEST(NewExecutionId, IsValidAndNew) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_execution_id();
    EXPECT_EQ(id.size(), 16u);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos) << id;
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

TEST(ExecutionErrors, ArePlainSentences) {
  for (int code = 1; code <= static_cast<int>(Errc::invalid); ++code) {
    const std::string sentence = make_error_code(static_cast<Errc>(code)).message();
    EXPECT_TRUE(sentence.ends_with('.') && sentence.size() > 15) << sentence;
  }
}

}  // namespace
}  // namespace execution

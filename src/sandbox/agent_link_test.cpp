#include "sandbox/agent_link.h"

#include <deque>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/run_to_end.h"
#include "sandbox/agent_fake.h"
#include "sandbox/spawner.h"
#include "sandbox/stream_fake.h"

namespace sandbox {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using Body = wire::ToAgent::BodyCase;
constexpr auto kLong = 60s;

class AgentLinkTest : public testing::Test {
 protected:
  void TearDown() override {
    if (link) link->close();
    link = nullptr;
    agent->hang_up();
    context.restart();
    context.poll();
  }

  base::Result<std::shared_ptr<AgentLink>> try_open(Faults faults = {}, LinkTimes times = {}) {
    auto [ours, agents] = make_stream_pair(context.get_executor());
    agent->serve(context.get_executor(), std::make_unique<FaultyStream>(std::move(agents), faults));
    return base::run_to_end(context, AgentLink::open(context.get_executor(), std::move(ours), times));
  }
  void open(Faults faults = {}, LinkTimes times = {}) {
    auto opened = try_open(faults, times);
    ASSERT_TRUE(opened) << opened.error().message();
    link = *opened;
  }

  base::Result<wire::FromAgent> call(wire::ToAgent message, std::chrono::milliseconds deadline = kLong) {
    return base::run_to_end(context, link->call(std::move(message), deadline));
  }
  base::Result<AgentLink::Attached> attach(const std::string& id, std::uint64_t from = 0) {
    return base::run_to_end(context, link->attach(id, from, "reader"));
  }
  base::Result<AttachmentEvent> next(AgentLink::Attached& attached) {
    return base::run_to_end(context, attached.attachment->next());
  }
  // Runs until it is so.
  void run_until(const std::function<bool()>& done) {
    context.restart();
    while (!done()) ASSERT_GT(context.run_one(), 0u);
  }

  static wire::ToAgent start(const std::string& id, const std::string& code = "pass") {
    wire::ToAgent message;
    message.mutable_start()->set_id(id);
    message.mutable_start()->set_code(code);
    return message;
  }
  static wire::ToAgent ping() {
    wire::ToAgent message;
    message.mutable_ping();
    return message;
  }
  static wire::ToAgent list() {
    wire::ToAgent message;
    message.mutable_list();
    return message;
  }

  asio::io_context context{1};
  std::shared_ptr<FakeAgent> agent = std::make_shared<FakeAgent>();
  std::shared_ptr<AgentLink> link;
};

TEST_F(AgentLinkTest, SaysHelloAndGetsAnswers) {
  open();
  const auto info = call(start("aaaaaaaa", "print(1)"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->info().id(), "aaaaaaaa");
  EXPECT_EQ(agent->runs.at("aaaaaaaa").code, "print(1)");
  EXPECT_EQ(agent->requests[Body::kHello], 1);
}

TEST_F(AgentLinkTest, RefusesWhatIsNoAgent) {
  agent->version = 0;
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::refused);
}

TEST_F(AgentLinkTest, GarbageIsALostLink) {
  auto [ours, others] = make_stream_pair(context.get_executor());
  const std::string garbage(4096, '\xff');
  const asio::const_buffer buffer(garbage.data(), garbage.size());
  ASSERT_TRUE(base::run_to_end(context, others->write({&buffer, 1})));
  const auto opened = base::run_to_end(context, AgentLink::open(context.get_executor(), std::move(ours)));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::lost);
}

TEST_F(AgentLinkTest, AnAgentsFailureKeepsItsWords) {
  open();
  const std::map<wire::Failure::Code, Errc> codes{
      {wire::Failure::NO_SUCH_EXECUTION, Errc::not_found}, {wire::Failure::TOO_LARGE, Errc::too_large},
      {wire::Failure::INPUT_CLOSED, Errc::input_closed},   {wire::Failure::INPUT_FULL, Errc::input_full},
      {wire::Failure::TOO_MANY, Errc::too_many},           {wire::Failure::BAD_REQUEST, Errc::refused},
      {wire::Failure::UNSPECIFIED, Errc::refused}};
  for (const auto& [code, errc] : codes) {
    agent->fails[Body::kList].set_code(code);
    agent->fails[Body::kList].set_message("so said the agent");
    const auto answer = call(list());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, errc);
    EXPECT_EQ(answer.error().message(), "so said the agent");
  }
}

TEST_F(AgentLinkTest, ALateAnswerHarmsNoOtherCall) {
  open();
  agent->ignored.insert(Body::kList);
  EXPECT_EQ(call(list(), 1ms).error().code, Errc::timeout);
  EXPECT_TRUE(call(ping()));
  EXPECT_TRUE(link->alive());
}

TEST_F(AgentLinkTest, AnAttachThatIsNotAnsweredInTimeLeavesNoAttachmentBehind) {
  open({}, {.attach_max = 5ms});
  agent->ignored.insert(Body::kAttach);
  ASSERT_TRUE(call(start("aaaaaaaa")));
  EXPECT_EQ(attach("aaaaaaaa").error().code, Errc::timeout);
  run_until([this] { return agent->requests[Body::kDetach] == 1; });
  EXPECT_EQ(agent->attachments(), 0u);
  EXPECT_TRUE(call(ping()));
}

TEST_F(AgentLinkTest, AnEndedStreamFailsAllThatWaitsAndAllThatFollows) {
  open();
  ASSERT_TRUE(call(start("aaaaaaaa")));
  auto attached = attach("aaaaaaaa");
  ASSERT_TRUE(attached);
  agent->ignored.insert(Body::kList);
  asio::post(context, [this] { agent->hang_up(); });
  const auto [answer, event] = base::run_to_end(
      context,
      [](AgentLink& over,
         Attachment& from) -> asio::awaitable<std::pair<base::Result<wire::FromAgent>, base::Result<AttachmentEvent>>> {
        auto waiting = over.call(list(), kLong);
        auto [one, other] = co_await (std::move(waiting) && from.next());
        co_return std::make_pair(std::move(one), std::move(other));
      }(*link, *attached->attachment));
  EXPECT_EQ(answer.error().code, Errc::lost);
  EXPECT_EQ(event.error().code, Errc::lost);
  EXPECT_FALSE(link->alive());
  EXPECT_EQ(call(ping()).error().code, Errc::lost);
  EXPECT_EQ(attach("aaaaaaaa").error().code, Errc::lost);
}

TEST_F(AgentLinkTest, OutputComesWholeHoweverTheStreamCutsIt) {
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{3}, std::size_t{64}, std::size_t{100'000}}) {
    agent = std::make_shared<FakeAgent>();
    agent->frame_bytes_max = 7;
    Faults faults;
    faults.bytes_at_once = at_once;
    open(faults);
    ASSERT_TRUE(call(start("aaaaaaaa")));
    agent->print("aaaaaaaa", "dropped");
    agent->drop("aaaaaaaa", 7);
    agent->print("aaaaaaaa", "to stdout and ");
    agent->print("aaaaaaaa", "to stderr", wire::STDERR);
    agent->print("aaaaaaaa", " and back");
    agent->end("aaaaaaaa");
    auto attached = attach("aaaaaaaa", 2);
    ASSERT_TRUE(attached);
    auto event = next(*attached);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, AttachmentEvent::Kind::gap);
    EXPECT_EQ(event->offset, 2u);
    EXPECT_EQ(event->missing_bytes, 5u);
    std::map<wire::Stream, std::string> got;
    std::uint64_t at = 7;
    for (event = next(*attached); event && event->kind == AttachmentEvent::Kind::output; event = next(*attached)) {
      EXPECT_EQ(event->offset, at);
      at += event->data.size();
      got[event->stream] += event->data;
    }
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, AttachmentEvent::Kind::ended);
    EXPECT_EQ(event->info->status(), wire::EXITED);
    EXPECT_EQ(got[wire::STDOUT], "to stdout and  and back");
    EXPECT_EQ(got[wire::STDERR], "to stderr");
    link->close();
  }
}

TEST_F(AgentLinkTest, TheAgentStaysWithinTheWindowOfASlowReader) {
  open();
  ASSERT_TRUE(call(start("aaaaaaaa")));
  std::string all;
  for (int i = 0; all.size() < 4 * kAttachWindowBytes; ++i) all += std::to_string(i) + "\n";
  agent->print("aaaaaaaa", all);
  agent->end("aaaaaaaa");
  auto attached = attach("aaaaaaaa");
  ASSERT_TRUE(attached);
  // Everything that the window allows comes, though nobody takes it.
  run_until([this] { return agent->ahead_max == kAttachWindowBytes; });
  std::string got;
  auto event = next(*attached);
  for (; event && event->kind == AttachmentEvent::Kind::output; event = next(*attached)) {
    got += event->data;
    attached->attachment->acknowledge(got.size());
  }
  EXPECT_TRUE(got == all) << got.size();
  EXPECT_EQ(agent->ahead_max, kAttachWindowBytes);
}

TEST_F(AgentLinkTest, ADestroyedAttachmentTellsHowFarItCameAndDetaches) {
  open();
  ASSERT_TRUE(call(start("aaaaaaaa")));
  agent->print("aaaaaaaa", "0123456789");
  agent->end("aaaaaaaa");
  {
    auto attached = attach("aaaaaaaa");
    ASSERT_TRUE(attached);
    ASSERT_TRUE(next(*attached));
    EXPECT_EQ(next(*attached)->kind, AttachmentEvent::Kind::ended);
    attached->attachment->acknowledge(5);
    attached->attachment->acknowledge(11);
    attached->attachment->acknowledge(3);
  }
  run_until([this] { return agent->requests[Body::kDetach] == 1; });
  EXPECT_EQ(agent->runs.at("aaaaaaaa").info.readers().at("reader"), 11u);
}

TEST_F(AgentLinkTest, CancelFromAnotherThreadEndsAWaitingNext) {
  open();
  ASSERT_TRUE(call(start("aaaaaaaa")));
  auto attached = attach("aaaaaaaa");
  ASSERT_TRUE(attached);
  std::thread other([&] { attached->attachment->cancel(); });
  EXPECT_EQ(next(*attached).error().code, Errc::lost);
  other.join();
  EXPECT_TRUE(call(ping()));
}

TEST_F(AgentLinkTest, ClosesWhereNothingIsAwaited) {
  open({}, {.look_every = 1ms, .silence_max = 1h, .idle_max = 5ms});
  run_until([this] { return !link->alive(); });
}

TEST_F(AgentLinkTest, StaysWhileAnExecutionIsWatchedAndAsksASilentAgent) {
  open({}, {.look_every = 1ms, .silence_max = 1h, .idle_max = 2ms});
  ASSERT_TRUE(call(start("aaaaaaaa")));
  auto attached = attach("aaaaaaaa");
  ASSERT_TRUE(attached);
  run_until([this] { return agent->requests[Body::kPing] >= 20; });
  EXPECT_TRUE(link->alive());
  agent->end("aaaaaaaa");
  run_until([this] { return !link->alive(); });
}

TEST_F(AgentLinkTest, AnAgentThatFellSilentIsLost) {
  open({}, {.look_every = 1ms, .silence_max = 20ms, .idle_max = 1h});
  agent->ignored = {Body::kPing, Body::kList};
  EXPECT_EQ(call(list()).error().code, Errc::lost);
}

TEST_F(AgentLinkTest, ServesCallersOfManyThreads) {
  open();
  ASSERT_TRUE(call(start("aaaaaaaa")));
  agent->print("aaaaaaaa", std::string(3 * kAttachWindowBytes, 'x'));
  agent->end("aaaaaaaa");
  constexpr int kThreads = 4;
  std::atomic<int> done = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::vector<std::thread> threads;
  std::deque<asio::io_context> contexts(kThreads);  // until nothing refers to them
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i, &done, &bytes, &contexts] {
      base::run_to_end(contexts[static_cast<std::size_t>(i)],
                       [](std::shared_ptr<AgentLink> over, std::atomic<std::uint64_t>& sum) -> asio::awaitable<bool> {
                         for (int n = 0; n < 100; ++n) EXPECT_TRUE(co_await over->call(ping(), kLong));
                         auto attached = co_await over->attach("aaaaaaaa", 0, "reader");
                         std::uint64_t at = 0;
                         while (true) {
                           const auto event = co_await attached->attachment->next();
                           if (!event || event->kind != AttachmentEvent::Kind::output) break;
                           at += event->data.size();
                           attached->attachment->acknowledge(at);
                         }
                         sum += at;
                         co_return true;
                       }(link, bytes));
      ++done;
    });
  }
  while (done < kThreads) context.run_one_for(100ms);
  for (auto& thread : threads) thread.join();
  context.poll();
  EXPECT_EQ(bytes, kThreads * 3 * kAttachWindowBytes);
}

}  // namespace
}  // namespace sandbox

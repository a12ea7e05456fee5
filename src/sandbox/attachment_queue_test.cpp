#include "sandbox/attachment_queue.h"

#include <gtest/gtest.h>

#include "base/run_to_end.h"
#include "sandbox/limits.h"
#include "sandbox/spawner.h"

namespace sandbox {
namespace {

namespace asio = boost::asio;

AttachmentEvent output(std::uint64_t offset, std::string data, wire::Stream stream = wire::STDOUT) {
  AttachmentEvent event;
  event.offset = offset;
  event.stream = stream;
  event.data = std::move(data);
  return event;
}

AttachmentEvent gap(std::uint64_t offset, std::uint64_t bytes) {
  AttachmentEvent event;
  event.kind = AttachmentEvent::Kind::gap;
  event.offset = offset;
  event.missing_bytes = bytes;
  return event;
}

AttachmentEvent take(AttachmentQueue& queue) {
  auto event = base::run_to_end(queue.next());
  EXPECT_TRUE(event);
  return event ? *event : AttachmentEvent();
}

TEST(AttachmentQueue, PacksNeighboursAndKeepsTheStreamsApart) {
  AttachmentQueue queue;
  queue.push(output(10, "ab"));
  queue.push(output(12, "cd"));
  queue.push(output(14, "E", wire::STDERR));
  queue.push(output(15, "f"));
  queue.push(gap(16, 4));
  queue.push(output(20, "g"));

  const auto first = take(queue);
  EXPECT_EQ(first.offset, 10u);
  EXPECT_EQ(first.data, "abcd");
  EXPECT_EQ(first.stream, wire::STDOUT);
  const auto second = take(queue);
  EXPECT_EQ(second.offset, 14u);
  EXPECT_EQ(second.data, "E");
  EXPECT_EQ(second.stream, wire::STDERR);
  queue.push(output(21, "h"));
  EXPECT_EQ(take(queue).data, "f");
  EXPECT_EQ(take(queue).missing_bytes, 4u);
  const auto last = take(queue);
  EXPECT_EQ(last.offset, 20u);
  EXPECT_EQ(last.data, "gh");
}

TEST(AttachmentQueue, GivesBackWhatAlternatesByteForByte) {
  AttachmentQueue queue;
  constexpr std::uint64_t kBytes = 300'000;
  for (std::uint64_t i = 0; i < kBytes; ++i) {
    queue.push(output(i, std::string(1, static_cast<char>(i * 7)), i % 2 == 0 ? wire::STDOUT : wire::STDERR));
  }
  queue.fail(base::fail(Errc::lost));
  const std::uint64_t got = base::run_to_end([](AttachmentQueue& from) -> asio::awaitable<std::uint64_t> {
    std::uint64_t at = 0;
    while (auto event = co_await from.next()) {
      EXPECT_EQ(event->offset, at);
      EXPECT_EQ(event->data, std::string(1, static_cast<char>(at * 7)));
      EXPECT_EQ(event->stream, at % 2 == 0 ? wire::STDOUT : wire::STDERR);
      if (testing::Test::HasFailure()) break;
      ++at;
    }
    co_return at;
  }(queue));
  EXPECT_EQ(got, kBytes);
}

TEST(AttachmentQueue, LargeOutputKeepsItsOwnEvent) {
  AttachmentQueue queue;
  queue.push(output(0, std::string(kPackedBytesMax, 'a')));
  queue.push(output(kPackedBytesMax, "b"));
  EXPECT_EQ(take(queue).data.size(), kPackedBytesMax);
  EXPECT_EQ(take(queue).data, "b");
}

TEST(AttachmentQueue, FailsAfterWhatCameBefore) {
  AttachmentQueue queue;
  queue.push(output(0, "a"));
  queue.fail(base::fail(Errc::lost, "first"));
  queue.fail(base::fail(Errc::lost, "second"));
  queue.push(output(1, "too late"));
  EXPECT_EQ(take(queue).data, "a");
  EXPECT_EQ(base::run_to_end(queue.next()).error().message(), "first");
}

TEST(AttachmentQueue, CancelDropsWhatWaits) {
  AttachmentQueue queue;
  queue.push(output(0, "a"));
  queue.cancel();
  EXPECT_EQ(base::run_to_end(queue.next()).error().code, Errc::lost);
}

}  // namespace
}  // namespace sandbox

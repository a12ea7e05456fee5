#include "wire/framing.h"

#include <cstring>

#include <gtest/gtest.h>

namespace wire {
namespace {

void feed(FrameReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = reader.room();
    const std::size_t n = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), n);
    reader.commit(n);
    bytes.remove_prefix(n);
  }
}

FromAgent pong(std::uint64_t request) {
  FromAgent message;
  message.set_request(request);
  message.mutable_pong();
  return message;
}

TEST(Framing, GivesMessagesBackHoweverTheBytesAreCut) {
  std::string bytes;
  for (std::uint64_t request = 1; request <= 50; ++request) {
    append_frame(bytes, pong(request * request * 1000));
  }
  for (std::size_t cut = 1; cut <= bytes.size(); cut += 3) {
    FrameReader reader;
    std::uint64_t request = 0;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      feed(reader, std::string_view(bytes).substr(at, cut));
      for (;;) {
        const auto next = reader.next();
        ASSERT_TRUE(next.has_value());
        if (!next->has_value()) {
          break;
        }
        FromAgent message;
        ASSERT_TRUE(message.ParseFromArray((*next)->data(), static_cast<int>((*next)->size())));
        ++request;
        EXPECT_EQ(message.request(), request * request * 1000);
      }
    }
    EXPECT_EQ(request, 50u);
  }
}

TEST(Framing, CarriesTheLargestInput) {
  ToAgent message;
  message.set_request(1);
  message.mutable_input()->set_data(std::string(std::size_t{32} << 20, 'x'));
  std::string bytes;
  append_frame(bytes, message);
  FrameReader reader;
  feed(reader, bytes);
  const auto next = reader.next();
  ASSERT_TRUE(next.has_value());
  ASSERT_TRUE(next->has_value());
  EXPECT_EQ((*next)->size(), bytes.size() - kFramePrefixBytes);
  EXPECT_LE(reader.room().size(), std::size_t{2} << 20);
}

TEST(Framing, RefusesAFrameThatIsTooLong) {
  FrameReader reader;
  feed(reader, std::string("\xff\xff\xff\xff", 4));
  const auto next = reader.next();
  ASSERT_TRUE(next.has_error());
  EXPECT_EQ(next.error().code, Errc::frame_too_long);
}

TEST(OutputHead, MakesWhatProtobufReads) {
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{300}, ~std::uint64_t{0}}) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{127}, std::size_t{128}, std::size_t{300'000}}) {
      const std::string data(size, 'd');
      const OutputHead head(~offset | 1, offset, STDERR, size);
      FrameReader reader;
      feed(reader, head.bytes());
      feed(reader, data);
      const auto next = reader.next();
      ASSERT_TRUE(next.has_value());
      ASSERT_TRUE(next->has_value());
      FromAgent message;
      ASSERT_TRUE(message.ParseFromArray((*next)->data(), static_cast<int>((*next)->size())));
      EXPECT_EQ(message.request(), ~offset | 1);
      EXPECT_EQ(message.output().offset(), offset);
      EXPECT_EQ(message.output().stream(), STDERR);
      EXPECT_EQ(message.output().data(), data);
    }
  }
}

}  // namespace
}  // namespace wire

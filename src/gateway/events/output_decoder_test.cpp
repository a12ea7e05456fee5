#include "gateway/events/output_decoder.h"

#include <gtest/gtest.h>

namespace gateway::events {
namespace {

using execution::Stream;

TEST(UnfinishedSuffix, CountsOnlyWhatMoreBytesCouldComplete) {
  EXPECT_EQ(unfinished_suffix(""), 0U);
  EXPECT_EQ(unfinished_suffix("abc"), 0U);
  EXPECT_EQ(unfinished_suffix("\xE2\x82\xAC"), 0U);
  EXPECT_EQ(unfinished_suffix("a\xE2"), 1U);
  EXPECT_EQ(unfinished_suffix("a\xE2\x82"), 2U);
  EXPECT_EQ(unfinished_suffix("\xF0\x9F\x98"), 3U);
  EXPECT_EQ(unfinished_suffix("\xC3"), 1U);
}

TEST(UnfinishedSuffix, IsNothingForBytesThatCannotBecomeACharacter) {
  EXPECT_EQ(unfinished_suffix("\xFF"), 0U);
  EXPECT_EQ(unfinished_suffix("\xC0"), 0U);
  EXPECT_EQ(unfinished_suffix("\x80\x80"), 0U);
  EXPECT_EQ(unfinished_suffix("\xE0\x80"), 0U);  // overlong
  EXPECT_EQ(unfinished_suffix("\xED\xA0"), 0U);  // surrogate
  EXPECT_EQ(unfinished_suffix("\xF4\x90"), 0U);  // beyond U+10FFFF
}

TEST(OutputDecoder, JoinsACharacterThatWasCut) {
  OutputDecoder decoder({});
  auto first = decoder.take(Stream::output, 0, "a\xE2\x82");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes, "a");
  EXPECT_EQ(decoder.next(), (Position{1, 3}));
  auto second = decoder.take(Stream::output, 3, "\xAC!");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->bytes, "\xE2\x82\xAC!");
  EXPECT_EQ(second->offset, 1U);
  EXPECT_EQ(decoder.next(), (Position{5, 5}));
}

TEST(OutputDecoder, KeepsTheStreamsApart) {
  OutputDecoder decoder({});
  EXPECT_FALSE(decoder.take(Stream::output, 0, "\xE2"));
  auto error = decoder.take(Stream::error, 1, "oops");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->bytes, "oops");
  EXPECT_EQ(decoder.next(), (Position{0, 5}));
  auto output = decoder.take(Stream::output, 5, "\x82\xAC");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->bytes, "\xE2\x82\xAC");
  EXPECT_EQ(decoder.next(), (Position{7, 7}));
}

TEST(OutputDecoder, ResumesEveryStreamWhereItWas) {
  OutputDecoder before({});
  EXPECT_FALSE(before.take(Stream::output, 0, "\xE2"));
  EXPECT_TRUE(before.take(Stream::error, 1, "oops"));
  OutputDecoder after(before.next());
  EXPECT_FALSE(after.take(Stream::output, 0, "\xE2"));
  EXPECT_FALSE(after.take(Stream::error, 1, "oops")) << "already given out";
  auto output = after.take(Stream::output, 5, "\x82\xAC");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->bytes, "\xE2\x82\xAC");
}

TEST(OutputDecoder, SkipsPartOfAPiece) {
  OutputDecoder decoder({3, 3});
  auto text = decoder.take(Stream::output, 0, "abcdef");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->bytes, "def");
  EXPECT_EQ(text->offset, 3U);
}

TEST(OutputDecoder, GivesWhatIsHeldAtTheEnd) {
  OutputDecoder decoder({});
  EXPECT_FALSE(decoder.take(Stream::error, 0, "\xF0\x9F"));
  auto rest = decoder.flush(Stream::error);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->bytes, "\xF0\x9F");
  EXPECT_FALSE(decoder.flush(Stream::error));
}

TEST(OutputDecoder, GivesEveryByteOnceWhereverItIsCut) {
  const std::string whole = "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80 \xFF end";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    OutputDecoder decoder({});
    std::string got;
    auto add = [&](std::optional<Text> text) {
      if (text) got += text->bytes;
    };
    add(decoder.take(Stream::output, 0, whole.substr(0, cut)));
    OutputDecoder resumed(decoder.next());
    add(resumed.take(Stream::output, 0, whole));
    add(resumed.flush(Stream::output));
    EXPECT_EQ(got, whole) << "cut at " << cut;
  }
}

}  // namespace
}  // namespace gateway::events

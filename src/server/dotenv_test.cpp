#include "server/dotenv.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs parse(std::string_view text, std::vector<int>* bad_lines = nullptr) {
  return parse_dotenv(
      text,
      [](std::string_view name) -> std::optional<std::string> {
        return name == "OUTSIDE" ? std::optional<std::string>("real") : std::nullopt;
      },
      bad_lines);
}

TEST(Dotenv, ReadsWhatPythonDotenvReads) {
  EXPECT_EQ(parse("PORT=8000\n"), (Pairs{{"PORT", "8000"}}));
  EXPECT_EQ(parse("export PORT=8000"), (Pairs{{"PORT", "8000"}}));
  EXPECT_EQ(parse("  A = b c  # note\n# all comment\n\nB=\n"), (Pairs{{"A", "b c"}, {"B", ""}}));
  EXPECT_EQ(parse("A=b#c\r\nB='#'\r\n"), (Pairs{{"A", "b#c"}, {"B", "#"}}));
  EXPECT_EQ(parse("A= # only a comment\n"), (Pairs{{"A", ""}}));
  EXPECT_EQ(parse("A=1\nA=2\n"), (Pairs{{"A", "2"}}));
  EXPECT_EQ(parse("NO_VALUE\nA=1"), (Pairs{{"A", "1"}}));
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "A=1"),
            (Pairs{{"A", "1"}}));
}

TEST(Dotenv, KnowsQuotesAndEscapes) {
  EXPECT_EQ(parse(R"(A="a\nb\"c" # note)"), (Pairs{{"A", "a\nb\"c"}}));
  EXPECT_EQ(parse(R"(A='a\nb\'c')"), (Pairs{{"A", "a\\nb'c"}}));
  EXPECT_EQ(parse("A=\"two\nlines\"\nB=1"), (Pairs{{"A", "two\nlines"}, {"B", "1"}}));
}

TEST(Dotenv, ExpandsNamesTheRealEnvironmentFirst) {
  EXPECT_EQ(parse("OUTSIDE=file\nA=${OUTSIDE}/x"), (Pairs{{"OUTSIDE", "file"}, {"A", "real/x"}}));
  EXPECT_EQ(parse("A=1\nB=${A}2${NONE:-3}${NONE}"), (Pairs{{"A", "1"}, {"B", "123"}}));
  EXPECT_EQ(parse("A=${open"), (Pairs{{"A", "${open"}}));
}

TEST(Dotenv, SkipsBadLinesAndSaysWhich) {
  std::vector<int> bad;
  EXPECT_EQ(parse("A=1\nB='open\nC=2\n=5\nD=\"x\" y\nE=3\n", &bad), (Pairs{{"A", "1"}, {"C", "2"}, {"E", "3"}}));
  EXPECT_EQ(bad, (std::vector<int>{2, 4, 5}));
}

}  // namespace
}  // namespace server

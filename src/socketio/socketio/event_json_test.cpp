#include "socketio/socketio/event_json.h"

#include <gtest/gtest.h>

#include <string>

namespace socketio {
namespace {

std::string text_of(std::string_view json) {
  const auto value = parse_json(json);
  return value && value->is_string() ? std::string(value->get_string()) : "(none)";
}

TEST(EventJson, lone_surrogates_become_replacement_characters) {
  EXPECT_EQ(text_of(R"("a\ud800 b")"), "a\xEF\xBF\xBD b");
  EXPECT_EQ(text_of(R"("\ud800")"), "\xEF\xBF\xBD");
  EXPECT_EQ(text_of(R"("\uDC00")"), "\xEF\xBF\xBD");
  EXPECT_EQ(text_of(R"("\ud800\u0041")"),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(text_of(R"("\ud800\ud83d\ude00")"), "\xEF\xBF\xBD\xF0\x9F\x98\x80");
  EXPECT_EQ(text_of(R"("\\ud800\udc00")"), "\\ud800\xEF\xBF\xBD");
}

TEST(EventJson, an_event_is_an_array_that_begins_with_a_string) {
  EXPECT_TRUE(parse_event(R"(["a",1])"));
  for (const auto* text : {"", "[]", "[1]", "{}", R"("a")", R"(["a")", R"(["a"]x)", "[\"\xFF\"]"})
    EXPECT_FALSE(parse_event(text)) << text;
}

TEST(EventJson, deep_nesting_is_refused) {
  EXPECT_TRUE(parse_json(std::string(50, '[') + std::string(50, ']')));
  EXPECT_FALSE(parse_json(std::string(10'000, '[') + std::string(10'000, ']')));
}

}  // namespace
}  // namespace socketio

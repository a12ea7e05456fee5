#include "socketio/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "socketio/server.h"

namespace socketio {
namespace {

std::string escaped(std::string_view text) {
  std::string out = "<";
  append_json_escaped(out, text);
  return out.substr(1);
}

TEST(JsonEscape, special_characters_are_escaped_at_every_place) {
  for (std::size_t before = 0; before < 20; ++before)
    for (std::size_t after = 0; after < 20; ++after)
      for (const auto& [raw, wanted] :
           std::vector<std::pair<std::string, std::string>>{{"\"", "\\\""},
                                                            {"\\", "\\\\"},
                                                            {"\n", "\\n"},
                                                            {"\r", "\\r"},
                                                            {"\t", "\\t"},
                                                            {"\b", "\\b"},
                                                            {"\f", "\\f"},
                                                            {std::string(1, '\0'), "\\u0000"},
                                                            {"\x1f", "\\u001f"},
                                                            {"\x7f", "\x7f"},
                                                            {" ", " "},
                                                            {"\xC3\xBC", "\xC3\xBC"},
                                                            {"\xFF", "\xEF\xBF\xBD"},
                                                            {"\xF0\x9F\x98\x80\n", "\xF0\x9F\x98\x80\\n"}})
        EXPECT_EQ(escaped(std::string(before, 'a') + raw + std::string(after, 'z')),
                  std::string(before, 'a') + wanted + std::string(after, 'z'));
}

// https://encoding.spec.whatwg.org/#utf-8-decoder: one U+FFFD for each maximal subpart.
TEST(JsonEscape, bytes_that_are_not_utf8_become_one_replacement_for_each_maximal_subpart) {
  const std::string r = "\xEF\xBF\xBD";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"\x80", r},
      {"\xBF\x80", r + r},
      {"\xC0\x80", r + r},
      {"\xC1\xBF", r + r},
      {"\xC2", r},
      {"\xC2 ", r + " "},
      {"\xC2\xC2\x80", r + "\xC2\x80"},
      {"\xE0\x80\x80", r + r + r},
      {"\xE0\x9F\xBF", r + r + r},
      {"\xE0\xA0", r},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", r + r + r + r + "A"},
      {"\xED\xA0\x80", r + r + r},
      {"\xED\x9F\xBF", "\xED\x9F\xBF"},
      {"\xEE\x80\x80", "\xEE\x80\x80"},
      {"\xF0\x80\x80\x41", r + r + r + "A"},
      {"\xF0\x8F\xBF\xBF", r + r + r + r},
      {"\xF0\x90\x80", r},
      {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {"\xF4\x90\x80\x80", r + r + r + r},
      {"\xF5\x80\x80\x80", r + r + r + r},
      {"\xFE\xFF", r + r},
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", r + r + r + r + r + "A" + r + r + "B"},
  };
  for (const auto& [raw, wanted] : table) {
    EXPECT_EQ(escaped(raw), wanted);
    EXPECT_EQ(escaped("0123456789" + raw + "x"), "0123456789" + wanted + "x");
    EXPECT_EQ(is_utf8(raw), raw == wanted);
    EXPECT_EQ(is_utf8("0123456789" + raw + "x"), raw == wanted);
  }
}

TEST(JsonEscape, text_of_every_character_stays_as_it_is) {
  std::string text;
  for (char32_t c = 0x80; c < 0x110000; c += 61) {
    if (c >= 0xD800 && c < 0xE000) continue;
    if (c < 0x800) {
      text += static_cast<char>(0xC0 | c >> 6);
    } else {
      if (c < 0x10000) {
        text += static_cast<char>(0xE0 | c >> 12);
      } else {
        text += static_cast<char>(0xF0 | c >> 18);
        text += static_cast<char>(0x80 | (c >> 12 & 0x3F));
      }
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    }
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(escaped(text), text);
}

}  // namespace
}  // namespace socketio

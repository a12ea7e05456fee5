#include "socketio/utf8.h"

#include <cstdint>
#include <cstring>

namespace socketio {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

std::uint64_t load(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

std::uint64_t has_zero(std::uint64_t word) {
  return (word - kOnes) & ~word;
}

// Eight bytes at once (https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord); exact as a yes or no.
std::uint64_t has_special(std::uint64_t word) {
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  return (control | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) | word) & kHighs;
}

bool is_special(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
}

std::size_t ascii_run(std::string_view text) {
  std::size_t at = 0;
  while (text.size() - at >= 8 && (load(text.data() + at) & kHighs) == 0) at += 8;
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

struct Lead {
  std::size_t continuation_bytes;
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0xC2 || byte > 0xF4) return {0};
  if (byte < 0xE0) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte < 0xF0) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {3};
}

}  // namespace

Utf8Unit utf8_unit(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {1, true};
  const Lead lead = lead_of(first);
  if (lead.continuation_bytes == 0) return {1, false};
  for (std::size_t i = 1; i <= lead.continuation_bytes; ++i) {
    if (i == text.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < (i == 1 ? lead.second_min : 0x80) || byte > (i == 1 ? lead.second_max : 0xBF)) return {i, false};
  }
  return {lead.continuation_bytes + 1, true};
}

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_run(text));
    while (!text.empty() && static_cast<unsigned char>(text[0]) >= 0x80) {
      const Utf8Unit unit = utf8_unit(text);
      if (!unit.valid) return false;
      text.remove_prefix(unit.length);
    }
    if (text.empty()) return true;
  }
}

std::size_t plain_run(std::string_view text) {
  std::size_t at = 0;
  while (text.size() - at >= 8 && has_special(load(text.data() + at)) == 0) at += 8;
  while (at < text.size() && !is_special(text[at])) ++at;
  return at;
}

}  // namespace socketio

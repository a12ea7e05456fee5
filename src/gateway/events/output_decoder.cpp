#include "gateway/events/output_decoder.h"

#include <algorithm>
#include <utility>

namespace gateway::events {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

bool is_continuation(unsigned byte) {
  return (byte & 0xC0U) == 0x80U;
}

// The length that a lead byte announces; 0 where it cannot lead.
std::size_t announced_length(unsigned lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool may_follow(unsigned lead, unsigned second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return is_continuation(second);
  }
}

}  // namespace

std::size_t unfinished_suffix(std::string_view text) {
  const std::size_t farthest = std::min<std::size_t>(3, text.size());
  for (std::size_t back = 1; back <= farthest; ++back) {
    const std::size_t at = text.size() - back;
    const unsigned lead = byte_at(text, at);
    if (is_continuation(lead)) continue;
    if (announced_length(lead) <= back) return 0;
    if (back >= 2 && !may_follow(lead, byte_at(text, at + 1))) return 0;
    return back;
  }
  return 0;
}

std::optional<Text> OutputDecoder::take(execution::Stream stream, std::uint64_t offset, std::string data) {
  head_ = std::max(head_, offset + data.size());
  const std::uint64_t from = from_.of(stream);
  if (offset < from) {
    const std::uint64_t known = std::min<std::uint64_t>(from - offset, data.size());
    data.erase(0, known);
    offset += known;
  }
  if (data.empty()) return std::nullopt;
  Held& kept = held(stream);
  if (!kept.bytes.empty()) {
    data.insert(0, kept.bytes);
    offset = kept.offset;
    kept.bytes.clear();
  }
  const std::size_t unfinished = unfinished_suffix(data);
  if (unfinished > 0) {
    kept.bytes = data.substr(data.size() - unfinished);
    // A character can be cut where the other stream's bytes lie between its halves; its offset is then that of its
    // first byte as long as nothing was given out of this piece.
    kept.offset = unfinished == data.size() ? offset : head_ - unfinished;
    data.resize(data.size() - unfinished);
    if (data.empty()) return std::nullopt;
  }
  return Text{stream, offset, std::move(data)};
}

std::optional<Text> OutputDecoder::flush(execution::Stream stream) {
  Held& kept = held(stream);
  if (kept.bytes.empty()) return std::nullopt;
  return Text{stream, kept.offset, std::exchange(kept.bytes, {})};
}

Position OutputDecoder::next() const {
  Position position{std::max(from_.output, head_), std::max(from_.error, head_)};
  if (!held_[0].bytes.empty()) position.output = held_[0].offset;
  if (!held_[1].bytes.empty()) position.error = held_[1].offset;
  return position;
}

}  // namespace gateway::events

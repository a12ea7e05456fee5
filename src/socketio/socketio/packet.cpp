#include "socketio/socketio/packet.h"

#include "socketio/limits.h"

namespace socketio {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes digits off the front of `text`; false where there are more than any client counts.
bool take_number(std::string_view& text, std::optional<std::uint64_t>& number) {
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits == kAckDigitsMax) return false;
    number = number.value_or(0) * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

}  // namespace

std::optional<Packet> parse_packet(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
  Packet packet;
  packet.type = static_cast<PacketType>(text[0]);
  text.remove_prefix(1);
  if (packet.type == PacketType::binary_event || packet.type == PacketType::binary_ack) {
    std::optional<std::uint64_t> attachments;
    if (!take_number(text, attachments) || !attachments || !text.starts_with('-')) return std::nullopt;
    packet.attachments = *attachments;
    text.remove_prefix(1);
  }
  if (text.starts_with('/')) {
    const std::size_t end = text.find(',');
    packet.name_space = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!take_number(text, packet.id)) return std::nullopt;
  packet.data = text;
  return packet;
}

}  // namespace socketio

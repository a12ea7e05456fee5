#include "socketio/engineio/packet.h"

namespace socketio::engineio {

std::optional<Packet> parse_packet(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const char type = text[0];
  text.remove_prefix(1);
  if (type == 'b') return Packet{PacketType::message, text, true};
  if (type < '0' || type > '6') return std::nullopt;
  return Packet{static_cast<PacketType>(type), text, false};
}

std::optional<std::string_view> next_record(std::optional<std::string_view>& payload) {
  if (!payload) return std::nullopt;
  const std::size_t end = payload->find(kRecordSeparator);
  const std::string_view record = payload->substr(0, end);
  if (end == std::string_view::npos)
    payload.reset();
  else
    payload->remove_prefix(end + 1);
  return record;
}

}  // namespace socketio::engineio

#pragma once

// Engine.IO 4's packets and the payloads that long-polling carries them in.
// https://socket.io/docs/v4/engine-io-protocol/#packet-encoding

#include <optional>
#include <string_view>

namespace socketio::engineio {

enum class PacketType : char {
  open = '0',
  close = '1',
  ping = '2',
  pong = '3',
  message = '4',
  upgrade = '5',
  noop = '6',
};

struct Packet {
  PacketType type = PacketType::noop;
  std::string_view data;
  bool binary = false;  // a message of bytes; from long-polling `data` is still base64, as nobody above takes one
};

// Nothing where the text begins with no packet type.
std::optional<Packet> parse_packet(std::string_view text);

inline constexpr char kRecordSeparator = '\x1e';

// Takes the first packet's text off a payload; nothing at its end.
std::optional<std::string_view> next_record(std::optional<std::string_view>& payload);

}  // namespace socketio::engineio

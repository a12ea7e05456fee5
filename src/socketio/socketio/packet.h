#pragma once

// Socket.IO 5's packets: https://socket.io/docs/v4/socket-io-protocol/#packet-encoding

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace socketio {

enum class PacketType : char {
  connect = '0',
  disconnect = '1',
  event = '2',
  ack = '3',
  connect_error = '4',
  binary_event = '5',
  binary_ack = '6',
};

struct Packet {
  PacketType type = PacketType::event;
  std::uint64_t attachments = 0;  // of binary packets: how many binary messages follow
  std::string_view name_space = "/";
  std::optional<std::uint64_t> id;  // of the acknowledgement asked for, or given
  std::string_view data;            // JSON, not yet looked at; may be empty
};

// Nothing where the text is not a packet.
std::optional<Packet> parse_packet(std::string_view text);

}  // namespace socketio

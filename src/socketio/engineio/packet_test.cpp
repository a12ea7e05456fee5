#include "socketio/engineio/packet.h"

#include <gtest/gtest.h>

#include <vector>

namespace socketio::engineio {
namespace {

std::vector<std::string_view> records(std::string_view payload) {
  std::vector<std::string_view> records;
  std::optional<std::string_view> rest = payload;
  while (const auto record = next_record(rest)) records.push_back(*record);
  return records;
}

TEST(EnginePacket, types_are_told_apart) {
  EXPECT_EQ(parse_packet("4hello")->type, PacketType::message);
  EXPECT_EQ(parse_packet("4hello")->data, "hello");
  EXPECT_EQ(parse_packet("3")->type, PacketType::pong);
  EXPECT_EQ(parse_packet("2probe")->data, "probe");
  for (const auto* text : {"", "7", "x", " 4", "\xFF"}) EXPECT_FALSE(parse_packet(text)) << text;
}

TEST(EnginePacket, bytes_in_base64_are_a_binary_message) {
  const auto packet = parse_packet("bAQID");
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->binary);
  EXPECT_EQ(packet->type, PacketType::message);
  EXPECT_EQ(packet->data, "AQID");
}

TEST(EnginePacket, a_payload_is_split_at_record_separators) {
  using V = std::vector<std::string_view>;
  EXPECT_EQ(records("4a"), V({"4a"}));
  EXPECT_EQ(records("4a\x1e"
                    "2\x1e"
                    "bAQID"),
            V({"4a", "2", "bAQID"}));
  EXPECT_EQ(records(""), V({""}));
  EXPECT_EQ(records("4a\x1e"), V({"4a", ""}));
}

}  // namespace
}  // namespace socketio::engineio

#include "socketio/socketio/packet.h"

#include <gtest/gtest.h>

namespace socketio {
namespace {

TEST(SocketPacket, parts_are_taken_in_their_order) {
  const auto event = parse_packet(R"(212["hello",1])");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, PacketType::event);
  EXPECT_EQ(event->name_space, "/");
  EXPECT_EQ(event->id, 12u);
  EXPECT_EQ(event->data, R"(["hello",1])");

  const auto other = parse_packet(R"(0/admin,{"token":"x"})");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->type, PacketType::connect);
  EXPECT_EQ(other->name_space, "/admin");
  EXPECT_EQ(other->data, R"({"token":"x"})");

  const auto binary = parse_packet(R"(52-/a,7["x",{"_placeholder":true,"num":0}])");
  ASSERT_TRUE(binary);
  EXPECT_EQ(binary->attachments, 2u);
  EXPECT_EQ(binary->name_space, "/a");
  EXPECT_EQ(binary->id, 7u);
}

TEST(SocketPacket, a_namespace_may_end_the_packet) {
  EXPECT_EQ(parse_packet("1/admin")->name_space, "/admin");
  EXPECT_EQ(parse_packet("0")->data, "");
}

TEST(SocketPacket, what_is_no_packet_is_refused) {
  for (const auto* text : {"", "7", "x", "5[]", "5-[]", "599999999999999999999-[]", "29999999999999999999[\"a\"]"})
    EXPECT_FALSE(parse_packet(text)) << text;
}

}  // namespace
}  // namespace socketio

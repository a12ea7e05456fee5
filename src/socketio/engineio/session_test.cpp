#include "socketio/engineio/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketio/limits.h"

namespace socketio::engineio {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;

const Session::Clock::time_point kStart = Session::Clock::time_point() + 1h;

Options options() {
  Options options;
  options.ping_interval = 25s;
  options.ping_timeout = 20s;
  options.connect_timeout = 45s;
  return options;
}

class EngineSession : public testing::Test {
 protected:
  static Session open(Transport transport) {
    Session session("sid0", options(), transport, kStart);
    if (transport == Transport::polling) {
      EXPECT_TRUE(session.begin_poll());
      EXPECT_THAT(session.end_poll(),
                  StartsWith("0{\"sid\":\"sid0\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000"));
    } else {
      EXPECT_THAT(frames(session), testing::HasSubstr("0{\"sid\":\"sid0\",\"upgrades\":[],"));
    }
    session.set_in_use(true, kStart);
    return session;
  }

  static std::string frames(Session& session) {
    std::string frames;
    session.take_frames(frames);
    return frames;
  }

  static std::string framed(std::string_view packet) {
    std::string out;
    append_frame_header(out, Opcode::text, packet.size());
    return out += packet;
  }

  static void probe(Session& session) {
    EXPECT_TRUE(session.begin_upgrade(kStart));
    EXPECT_FALSE(session.receive(Transport::websocket, "2probe"));
    EXPECT_EQ(frames(session), framed("3probe"));
  }
};

TEST_F(EngineSession, messages_go_up_and_packets_go_out) {
  auto session = open(Transport::polling);
  const auto packet = session.receive(Transport::polling, "4hello");
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->data, "hello");
  session.send(PacketType::message, {"a", "b"});
  session.send(PacketType::message, {std::string(70'000, 'c')});
  EXPECT_TRUE(session.begin_poll());
  EXPECT_TRUE(session.poll_ready());
  EXPECT_EQ(session.end_poll(),
            "4ab\x1e"
            "4" +
                std::string(70'000, 'c'));
  EXPECT_EQ(session.queued_bytes(), 0u);
  EXPECT_EQ(session.taken_total(), session.queued_total());
}

TEST_F(EngineSession, an_answer_to_a_poll_is_bounded) {
  auto session = open(Transport::polling);
  for (int i = 0; i < 20; ++i) session.send(PacketType::message, {"x"});
  session.begin_poll();
  EXPECT_EQ(session.end_poll().size(), 3u * kPollPacketsMax - 1);
  session.begin_poll();
  EXPECT_EQ(session.end_poll().size(), 3u * (20 - kPollPacketsMax) - 1);
  const std::string large(kPollBytesMax, 'l');
  session.send(PacketType::message, {large});
  session.send(PacketType::message, {"next"});
  session.begin_poll();
  EXPECT_EQ(session.end_poll(), "4" + large);
  session.begin_poll();
  EXPECT_EQ(session.end_poll(), "4next");
}

TEST_F(EngineSession, two_polls_at_once_end_the_session) {
  auto session = open(Transport::polling);
  EXPECT_TRUE(session.begin_poll());
  EXPECT_FALSE(session.poll_ready());
  EXPECT_FALSE(session.begin_poll());
  EXPECT_TRUE(session.closed());
  EXPECT_EQ(session.reason(), "transport error");
  EXPECT_EQ(session.end_poll(), "1");
}

TEST_F(EngineSession, a_poll_that_is_given_up_ends_the_session) {
  auto session = open(Transport::polling);
  session.begin_poll();
  session.poll_gone();
  EXPECT_EQ(session.reason(), "transport close");
}

TEST_F(EngineSession, a_ping_is_sent_after_the_interval_and_its_pong_keeps_the_session) {
  auto session = open(Transport::websocket);
  EXPECT_EQ(session.deadline(), kStart + 25s);
  session.tick(kStart + 24s);
  EXPECT_EQ(frames(session), "");
  session.tick(kStart + 25s);
  EXPECT_EQ(frames(session), framed("2"));
  EXPECT_EQ(session.deadline(), kStart + 45s);
  session.receive(Transport::websocket, "3");
  EXPECT_EQ(session.deadline(), kStart + 50s);
  session.tick(kStart + 45s);
  EXPECT_FALSE(session.closed());
}

TEST_F(EngineSession, a_missing_pong_ends_the_session_unless_bytes_move) {
  auto session = open(Transport::websocket);
  session.tick(kStart + 25s);
  session.note_progress();
  session.tick(kStart + 45s);
  EXPECT_FALSE(session.closed());
  EXPECT_EQ(session.deadline(), kStart + 65s);
  session.tick(kStart + 65s);
  EXPECT_EQ(session.reason(), "ping timeout");
  EXPECT_TRUE(session.dropped());
}

TEST_F(EngineSession, a_session_without_a_namespace_ends_in_time) {
  auto session = open(Transport::websocket);
  session.set_in_use(false, kStart);
  session.tick(kStart + 25s);
  session.receive(Transport::websocket, "3");
  session.tick(kStart + 45s);
  EXPECT_TRUE(session.closed());
}

TEST_F(EngineSession, an_upgrade_moves_what_is_queued) {
  auto session = open(Transport::polling);
  EXPECT_TRUE(session.begin_poll());
  probe(session);
  EXPECT_TRUE(session.poll_ready());
  EXPECT_EQ(session.end_poll(), "6");
  session.send(PacketType::message, {"later"});
  EXPECT_EQ(frames(session), "");
  session.receive(Transport::websocket, "5");
  EXPECT_EQ(session.transport(), Transport::websocket);
  EXPECT_EQ(frames(session), framed("4later"));
  EXPECT_FALSE(session.begin_poll());
  EXPECT_FALSE(session.closed());
}

TEST_F(EngineSession, an_upgrade_without_a_probe_changes_nothing) {
  auto session = open(Transport::polling);
  EXPECT_TRUE(session.begin_upgrade(kStart));
  EXPECT_FALSE(session.receive(Transport::websocket, "5"));
  EXPECT_FALSE(session.receive(Transport::websocket, "4early"));
  EXPECT_EQ(session.transport(), Transport::polling);
  EXPECT_FALSE(session.begin_upgrade(kStart)) << "one at a time";
  session.tick(kStart + kUpgradeTimeout);
  EXPECT_FALSE(session.serves_websocket());
  EXPECT_FALSE(session.closed());
  EXPECT_TRUE(session.begin_upgrade(kStart));
}

TEST_F(EngineSession, a_websocket_that_is_lost_during_the_upgrade_leaves_polling) {
  auto session = open(Transport::polling);
  probe(session);
  session.websocket_gone();
  EXPECT_FALSE(session.closed());
  EXPECT_TRUE(session.begin_poll());
  EXPECT_FALSE(session.poll_ready());
}

TEST_F(EngineSession, what_is_no_packet_of_a_client_ends_the_session) {
  for (const auto* text : {"", "x", "7", "0{}", "2"}) {
    auto session = open(Transport::polling);
    EXPECT_FALSE(session.receive(Transport::polling, text)) << text;
    EXPECT_EQ(session.reason(), "parse error") << text;
    EXPECT_FALSE(session.receive(Transport::polling, "4late")) << "nothing is delivered behind the end";
  }
}

TEST_F(EngineSession, closing_sends_what_is_queued_first) {
  auto polling = open(Transport::polling);
  polling.send(PacketType::message, {"last"});
  polling.close("server namespace disconnect", Closing::tell);
  polling.begin_poll();
  EXPECT_EQ(polling.end_poll(),
            "4last\x1e"
            "1");

  auto websocket = open(Transport::websocket);
  websocket.send(PacketType::message, {"last"});
  websocket.close("server shutting down", Closing::tell, CloseCode::going_away, "bye");
  EXPECT_EQ(frames(websocket), framed("4last") +
                                   "\x88\x05\x03\xE9"
                                   "bye");
}

TEST_F(EngineSession, websocket_pings_are_answered_and_closes_returned) {
  auto session = open(Transport::websocket);
  session.receive(WebSocketMessage{Opcode::ping, "abc"});
  EXPECT_EQ(frames(session),
            "\x8A\x03"
            "abc");
  for (int i = 0; i < 10'000; ++i) session.receive(WebSocketMessage{Opcode::ping, "abc"});
  EXPECT_LE(frames(session).size(), kPongBytesMax + 127);
  session.receive(WebSocketMessage{Opcode::close, "\x03\xE8"});
  EXPECT_EQ(session.reason(), "transport close");
  EXPECT_EQ(frames(session), "\x88\x02\x03\xE8");
}

}  // namespace
}  // namespace socketio::engineio

#include "socketio/engineio/websocket.h"

#include <gtest/gtest.h>

#include <vector>

namespace socketio::engineio {
namespace {

using Step = WebSocketDecoder::Step;

constexpr std::size_t kMax = 100'000;

// A client's frame.
std::string frame(int first_byte, const std::string& payload, bool masked = true) {
  std::string out;
  append_frame_header(out, Opcode::text, payload.size());
  out[0] = static_cast<char>(first_byte);
  if (!masked) return out + payload;
  out[1] = static_cast<char>(out[1] | 0x80);
  const std::string mask = "\x12\xF3\x56\x9A";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

struct Got {
  Opcode opcode;
  std::string data;
  bool operator==(const Got&) const = default;
};

struct Decoded {
  std::vector<Got> messages;
  CloseCode failure = CloseCode::none;
};

// Feeds `bytes` in two pieces, cut at `cut`, and the second one in pieces of `piece`.
Decoded decode(const std::string& bytes, std::size_t cut = 0, std::size_t piece = 1 << 20) {
  WebSocketDecoder decoder(kMax);
  Decoded decoded;
  const auto feed = [&](std::string_view input) {
    for (;;) {
      const Step step = decoder.next(input);
      if (step == Step::message)
        decoded.messages.push_back({decoder.message().opcode, std::string(decoder.message().data)});
      if (step == Step::failed) decoded.failure = decoder.failure();
      if (step != Step::message) return;
    }
  };
  feed(std::string_view(bytes).substr(0, cut));
  for (; cut < bytes.size(); cut += piece) feed(std::string_view(bytes).substr(cut, piece));
  return decoded;
}

CloseCode failure_of(const std::string& bytes) {
  return decode(bytes).failure;
}

TEST(WebSocketDecoder, messages_are_the_same_in_whatever_pieces_they_come) {
  const std::string bytes = frame(0x81, "hello") + frame(0x82, std::string(200, '\xFF')) + frame(0x89, "p") +
                            frame(0x01, "frag") + frame(0x8A, "") + frame(0x00, "ment") + frame(0x80, "ed \xC3\xBC") +
                            frame(0x81, "") +
                            frame(0x88,
                                  "\x03\xE8"
                                  "bye");
  const std::vector<Got> wanted = {{Opcode::text, "hello"},
                                   {Opcode::binary, std::string(200, '\xFF')},
                                   {Opcode::ping, "p"},
                                   {Opcode::pong, ""},
                                   {Opcode::text, "fragmented \xC3\xBC"},
                                   {Opcode::text, ""},
                                   {Opcode::close,
                                    "\x03\xE8"
                                    "bye"}};
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) EXPECT_EQ(decode(bytes, cut).messages, wanted) << cut;
  EXPECT_EQ(decode(bytes, 0, 1).messages, wanted);
  EXPECT_EQ(decode(bytes, 0, 3).messages, wanted);
}

TEST(WebSocketDecoder, payloads_of_every_length_encoding_arrive) {
  for (const std::size_t size : {0, 1, 7, 8, 9, 125, 126, 127, 65'535, 65'536, 100'000}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>('a' + i % 23);
    const auto decoded = decode(frame(0x81, payload), 0, 4097);
    ASSERT_EQ(decoded.messages.size(), 1u) << size;
    EXPECT_EQ(decoded.messages[0].data, payload);
  }
}

TEST(WebSocketDecoder, broken_rules_are_told_by_their_close_code) {
  EXPECT_EQ(failure_of(frame(0x81, "a", false)), CloseCode::protocol_error) << "not masked";
  EXPECT_EQ(failure_of(frame(0xC1, "a")), CloseCode::protocol_error) << "reserved bit";
  EXPECT_EQ(failure_of(frame(0x83, "a")), CloseCode::protocol_error) << "unknown opcode";
  EXPECT_EQ(failure_of(frame(0x8B, "a")), CloseCode::protocol_error) << "unknown control opcode";
  EXPECT_EQ(failure_of(frame(0x09, "a")), CloseCode::protocol_error) << "fragmented ping";
  EXPECT_EQ(failure_of(frame(0x89, std::string(126, 'a'))), CloseCode::protocol_error) << "long ping";
  EXPECT_EQ(failure_of(frame(0x80, "a")), CloseCode::protocol_error) << "continuation of nothing";
  EXPECT_EQ(failure_of(frame(0x01, "a") + frame(0x81, "b")), CloseCode::protocol_error) << "text inside a message";
  EXPECT_EQ(failure_of(frame(0x88, "\x03")), CloseCode::protocol_error) << "half a close code";
  EXPECT_EQ(failure_of(frame(0x88, "\x03\xED")), CloseCode::protocol_error) << "close code 1005";
  EXPECT_EQ(failure_of(frame(0x88, "\x03\xE8\xFF")), CloseCode::invalid_payload) << "close reason";
  EXPECT_EQ(failure_of(frame(0x81, "\xC3")), CloseCode::invalid_payload) << "not UTF-8";
}

TEST(WebSocketDecoder, too_big_a_message_is_refused_before_it_is_read) {
  EXPECT_EQ(failure_of(frame(0x81, std::string(kMax, 'a'))), CloseCode::none);
  EXPECT_EQ(failure_of(frame(0x81, std::string(kMax + 1, 'a')).substr(0, 14)), CloseCode::too_big);
  EXPECT_EQ(failure_of(frame(0x01, std::string(kMax, 'a')) + frame(0x80, "b")), CloseCode::too_big);
  EXPECT_EQ(failure_of("\x81\xFF" + std::string(12, '\xFF')), CloseCode::too_big) << "2^64-1 bytes";
}

TEST(WebSocketDecoder, nothing_is_read_behind_a_broken_rule) {
  WebSocketDecoder decoder(kMax);
  const std::string bytes = frame(0x83, "a") + frame(0x81, "b");
  std::string_view input = bytes;
  EXPECT_EQ(decoder.next(input), Step::failed);
  EXPECT_EQ(decoder.next(input), Step::failed);
}

TEST(WebSocketFrame, a_server_frame_says_its_extent) {
  for (const std::size_t size : {0, 125, 126, 65'535, 65'536, 5'000'000}) {
    std::string out;
    append_frame_header(out, Opcode::text, size);
    const FrameExtent extent = frame_extent(out);
    EXPECT_EQ(extent.header_bytes, out.size());
    EXPECT_EQ(extent.payload_bytes, size);
  }
}

TEST(WebSocketHandshake, the_key_is_answered_as_in_rfc_6455) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  for (const auto* key :
       {"", "short", "dGhlIHNhbXBsZSBub25jZQ", "!!!!!!!!!!!!!!!!!!!!!!==", "dGhlIHNhbXBsZSBub25jZXh4"})
    EXPECT_EQ(accept_key(key), "") << key;
}

}  // namespace
}  // namespace socketio::engineio

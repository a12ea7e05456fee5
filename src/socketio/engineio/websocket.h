#pragma once

// The WebSocket protocol's frames, a server's side, without I/O. https://www.rfc-editor.org/rfc/rfc6455

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace socketio::engineio {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

enum class CloseCode : std::uint16_t {
  none = 0,
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  invalid_payload = 1007,
  policy_violation = 1008,
  too_big = 1009,
  internal_error = 1011,
};

// The answer to a Sec-WebSocket-Key; empty where the key is not 16 bytes in base64.
std::string accept_key(std::string_view key);

// A whole frame's header, unmasked, as servers send them.
void append_frame_header(std::string& out, Opcode opcode, std::size_t payload_bytes);
void append_close_frame(std::string& out, CloseCode code, std::string_view reason);

// A frame at the front of `frames` that append_frame_header began: where its payload begins, and its size.
struct FrameExtent {
  std::size_t header_bytes;
  std::size_t payload_bytes;
};
FrameExtent frame_extent(std::string_view frames);

struct WebSocketMessage {
  Opcode opcode = Opcode::text;  // never continuation
  std::string_view data;         // until the decoder's next step
};

// Puts messages together from a client's bytes, in whatever pieces they come.
class WebSocketDecoder {
 public:
  enum class Step { need_more, message, failed };

  explicit WebSocketDecoder(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  // Takes bytes off the front of `input` until a message is complete, the input is used up, or a rule is broken;
  // after `failed` nothing more can be read.
  Step next(std::string_view& input);
  const WebSocketMessage& message() const { return message_; }
  CloseCode failure() const { return failure_; }
  const char* failure_text() const { return failure_text_; }

  bool in_message() const { return header_size_ > 0 || in_frame_ || in_fragments_; }

 private:
  Step read_header(std::string_view& input);
  Step begin_frame();
  Step read_payload(std::string_view& input);
  Step end_frame();
  Step end_message();
  Step end_control();
  Step fail(CloseCode code, const char* text);

  std::size_t message_bytes_max_;
  std::string data_;     // of the message being put together
  std::string control_;  // of the control frame being read
  WebSocketMessage message_;
  std::uint64_t payload_left_ = 0;
  std::array<unsigned char, 14> header_{};
  std::uint8_t header_size_ = 0;
  std::array<char, 4> mask_{};
  std::uint8_t mask_at_ = 0;
  bool in_frame_ = false;
  bool in_fragments_ = false;
  bool fin_ = false;
  bool delivered_ = false;  // data_ or control_ was given out
  Opcode frame_opcode_ = Opcode::text;
  Opcode message_opcode_ = Opcode::text;
  CloseCode failure_ = CloseCode::none;
  const char* failure_text_ = "";
};

}  // namespace socketio::engineio

#include "socketio/engineio/websocket.h"

#include <algorithm>
#include <cstring>

#include <openssl/sha.h>
#include <boost/beast/core/detail/base64.hpp>

#include "socketio/limits.h"
#include "socketio/utf8.h"

namespace socketio::engineio {
namespace {

constexpr std::size_t kControlBytesMax = 125;
constexpr unsigned char kFin = 0x80;
constexpr unsigned char kReserved = 0x70;
constexpr unsigned char kMasked = 0x80;

bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

bool may_be_received(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

std::uint64_t big_endian(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int count) {
  while (count-- > 0) out += static_cast<char>(value >> (8 * count));
}

// Appends `bytes` with the mask taken off, beginning at the mask's byte `at`.
void append_unmasked(std::string& out, std::string_view bytes, const std::array<char, 4>& mask, unsigned at) {
  const std::size_t begin = out.size();
  out.append(bytes);
  char* data = out.data() + begin;
  char turned[8];
  for (unsigned i = 0; i < 8; ++i) turned[i] = mask[(at + i) % 4];
  std::uint64_t mask_word;
  std::memcpy(&mask_word, turned, 8);
  std::size_t done = 0;
  for (; bytes.size() - done >= 8; done += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + done, 8);
    word ^= mask_word;
    std::memcpy(data + done, &word, 8);
  }
  for (; done < bytes.size(); ++done) data[done] = static_cast<char>(data[done] ^ turned[done % 8]);
}

void clear(std::string& buffer) {
  if (buffer.capacity() > kIdleBufferBytesMax)
    std::string().swap(buffer);
  else
    buffer.clear();
}

}  // namespace

std::string accept_key(std::string_view key) {
  namespace base64 = boost::beast::detail::base64;
  if (key.size() != 24) return {};
  unsigned char nonce[18];
  const auto decoded = base64::decode(nonce, key.data(), key.size());
  if (decoded.first != 16) return {};
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string answer(base64::encoded_size(sizeof(digest)), '\0');
  answer.resize(base64::encode(answer.data(), digest, sizeof(digest)));
  return answer;
}

void append_frame_header(std::string& out, Opcode opcode, std::size_t payload_bytes) {
  out += static_cast<char>(kFin | static_cast<std::uint8_t>(opcode));
  if (payload_bytes < 126) {
    out += static_cast<char>(payload_bytes);
  } else if (payload_bytes <= 0xFFFF) {
    out += static_cast<char>(126);
    append_big_endian(out, payload_bytes, 2);
  } else {
    out += static_cast<char>(127);
    append_big_endian(out, payload_bytes, 8);
  }
}

void append_close_frame(std::string& out, CloseCode code, std::string_view reason) {
  reason = reason.substr(0, kControlBytesMax - 2);
  append_frame_header(out, Opcode::close, code == CloseCode::none ? 0 : 2 + reason.size());
  if (code == CloseCode::none) return;
  append_big_endian(out, static_cast<std::uint16_t>(code), 2);
  out += reason;
}

FrameExtent frame_extent(std::string_view frames) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(frames.data());
  if (bytes[1] == 126) return {4, big_endian(bytes + 2, 2)};
  if (bytes[1] == 127) return {10, big_endian(bytes + 2, 8)};
  return {2, bytes[1]};
}

WebSocketDecoder::Step WebSocketDecoder::fail(CloseCode code, const char* text) {
  failure_ = code;
  failure_text_ = text;
  return Step::failed;
}

WebSocketDecoder::Step WebSocketDecoder::next(std::string_view& input) {
  if (failure_ != CloseCode::none) return Step::failed;
  if (delivered_) {
    clear(is_control(message_.opcode) ? control_ : data_);
    delivered_ = false;
  }
  while (!input.empty()) {
    const Step step = in_frame_ ? read_payload(input) : read_header(input);
    if (step != Step::need_more) return step;
  }
  return Step::need_more;
}

WebSocketDecoder::Step WebSocketDecoder::read_header(std::string_view& input) {
  while (!input.empty()) {
    header_[header_size_++] = static_cast<unsigned char>(input[0]);
    input.remove_prefix(1);
    if (header_size_ < 2) continue;
    const unsigned length = header_[1] & 0x7F;
    const std::size_t length_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
    if ((header_[1] & kMasked) == 0) return fail(CloseCode::protocol_error, "a client's frames must be masked");
    if (header_size_ < 2 + length_bytes + 4) continue;
    payload_left_ = length_bytes == 0 ? length : big_endian(header_.data() + 2, length_bytes);
    std::memcpy(mask_.data(), header_.data() + 2 + length_bytes, 4);
    return begin_frame();
  }
  return Step::need_more;
}

WebSocketDecoder::Step WebSocketDecoder::begin_frame() {
  const std::uint8_t opcode = header_[0] & 0x0F;
  fin_ = (header_[0] & kFin) != 0;
  frame_opcode_ = static_cast<Opcode>(opcode);
  header_size_ = 0;
  mask_at_ = 0;
  in_frame_ = true;
  if ((header_[0] & kReserved) != 0) return fail(CloseCode::protocol_error, "no extension was agreed upon");
  if (!is_known(opcode)) return fail(CloseCode::protocol_error, "unknown opcode");
  if (is_control(frame_opcode_)) {
    if (!fin_) return fail(CloseCode::protocol_error, "a control frame must not be fragmented");
    if (payload_left_ > kControlBytesMax) return fail(CloseCode::protocol_error, "a control frame takes 125 bytes");
  } else {
    if (in_fragments_ != (frame_opcode_ == Opcode::continuation))
      return fail(CloseCode::protocol_error, "a continuation frame at a wrong place");
    if (payload_left_ > message_bytes_max_ - data_.size()) return fail(CloseCode::too_big, "the message is too big");
    if (!in_fragments_) message_opcode_ = frame_opcode_;
  }
  return payload_left_ == 0 ? end_frame() : Step::need_more;
}

WebSocketDecoder::Step WebSocketDecoder::read_payload(std::string_view& input) {
  const std::size_t count = std::min<std::uint64_t>(payload_left_, input.size());
  append_unmasked(is_control(frame_opcode_) ? control_ : data_, input.substr(0, count), mask_, mask_at_);
  input.remove_prefix(count);
  mask_at_ = static_cast<std::uint8_t>((mask_at_ + count) % 4);
  payload_left_ -= count;
  return payload_left_ == 0 ? end_frame() : Step::need_more;
}

WebSocketDecoder::Step WebSocketDecoder::end_frame() {
  in_frame_ = false;
  if (is_control(frame_opcode_)) return end_control();
  in_fragments_ = !fin_;
  return fin_ ? end_message() : Step::need_more;
}

WebSocketDecoder::Step WebSocketDecoder::end_message() {
  if (message_opcode_ == Opcode::text && !is_utf8(data_))
    return fail(CloseCode::invalid_payload, "the text is not UTF-8");
  message_ = {message_opcode_, data_};
  delivered_ = true;
  return Step::message;
}

WebSocketDecoder::Step WebSocketDecoder::end_control() {
  if (frame_opcode_ == Opcode::close && !control_.empty()) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(control_.data());
    if (control_.size() == 1 || !may_be_received(static_cast<std::uint16_t>(big_endian(bytes, 2))))
      return fail(CloseCode::protocol_error, "no such close code");
    if (!is_utf8(std::string_view(control_).substr(2)))
      return fail(CloseCode::invalid_payload, "the close reason is not UTF-8");
  }
  message_ = {frame_opcode_, control_};
  delivered_ = true;
  return Step::message;
}

}  // namespace socketio::engineio

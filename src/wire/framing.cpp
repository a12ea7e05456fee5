#include "wire/framing.h"

#include <algorithm>
#include <cstring>

namespace wire {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "wire"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::frame_too_long:
        return "a frame is longer than the protocol allows";
      case Errc::malformed:
        return "a message could not be read";
    }
    return "unknown error";
  }
};

void put_length(char* out, std::size_t bytes) {
  for (std::size_t i = 0; i < kFramePrefixBytes; ++i) {
    out[i] = static_cast<char>((bytes >> (8 * i)) & 0xff);
  }
}

std::size_t get_length(const char* in) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kFramePrefixBytes; ++i) {
    bytes |= static_cast<std::size_t>(static_cast<unsigned char>(in[i])) << (8 * i);
  }
  return bytes;
}

std::size_t varint_bytes(std::uint64_t value) {
  std::size_t bytes = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++bytes;
  }
  return bytes;
}

char* put_varint(char* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

constexpr char kVarint = 0;
constexpr char kBytes = 2;

char* put_tag(char* out, int field, char type) {
  *out++ = static_cast<char>((field << 3) | type);  // fields below 16 take one byte
  return out;
}

}  // namespace

boost::system::error_code make_error_code(Errc code) {
  static const Category category;
  return {static_cast<int>(code), category};
}

void append_frame(std::string& out, const google::protobuf::MessageLite& message) {
  const std::size_t bytes = message.ByteSizeLong();
  const std::size_t at = out.size();
  out.resize(at + kFramePrefixBytes + bytes);
  put_length(out.data() + at, bytes);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data() + at + kFramePrefixBytes));
}

std::span<char> FrameReader::room() {
  constexpr std::size_t kRoomBytesMin = std::size_t{64} << 10;
  constexpr std::size_t kRoomBytesMax = std::size_t{1} << 20;
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (buffer_.size() > kRoomBytesMax) {
      buffer_ = {};  // a large frame was here; a quiet connection keeps little
    }
  }
  std::size_t wanted = kRoomBytesMin;
  if (end_ - begin_ >= kFramePrefixBytes) {
    const std::size_t frame = kFramePrefixBytes + get_length(buffer_.data() + begin_);
    const std::size_t have = end_ - begin_;
    if (frame > have) {
      wanted = std::clamp(frame - have, kRoomBytesMin, kRoomBytesMax);
    }
  }
  if (buffer_.size() - end_ < wanted && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < wanted) {
    buffer_.resize(std::max(end_ + wanted, end_ > kRoomBytesMax ? buffer_.size() * 2 : 0));
  }
  return std::span<char>(buffer_).subspan(end_);
}

base::Result<std::optional<std::string_view>> FrameReader::next() {
  const std::size_t have = end_ - begin_;
  if (have < kFramePrefixBytes) {
    return std::optional<std::string_view>{};
  }
  const std::size_t bytes = get_length(buffer_.data() + begin_);
  if (bytes > kFrameBytesMax) {
    return base::fail(Errc::frame_too_long, "A frame of " + std::to_string(bytes) + " bytes came; at most " +
                                                std::to_string(kFrameBytesMax) + " are allowed.");
  }
  if (have - kFramePrefixBytes < bytes) {
    return std::optional<std::string_view>{};
  }
  const std::string_view message(buffer_.data() + begin_ + kFramePrefixBytes, bytes);
  begin_ += kFramePrefixBytes + bytes;
  return std::optional<std::string_view>{message};
}

OutputHead::OutputHead(std::uint64_t request, std::uint64_t offset, Stream stream, std::size_t data_bytes) {
  const auto stream_value = static_cast<std::uint64_t>(stream);
  std::size_t inner = 1 + varint_bytes(data_bytes) + data_bytes;
  inner += offset != 0 ? 1 + varint_bytes(offset) : 0;
  inner += stream_value != 0 ? 1 + varint_bytes(stream_value) : 0;
  const std::size_t whole = 1 + varint_bytes(request) + 1 + varint_bytes(inner) + inner;

  put_length(bytes_, whole);
  char* out = bytes_ + kFramePrefixBytes;
  out = put_varint(put_tag(out, FromAgent::kRequestFieldNumber, kVarint), request);
  out = put_varint(put_tag(out, FromAgent::kOutputFieldNumber, kBytes), inner);
  if (offset != 0) {
    out = put_varint(put_tag(out, Output::kOffsetFieldNumber, kVarint), offset);
  }
  if (stream_value != 0) {
    out = put_varint(put_tag(out, Output::kStreamFieldNumber, kVarint), stream_value);
  }
  out = put_varint(put_tag(out, Output::kDataFieldNumber, kBytes), data_bytes);
  size_ = static_cast<std::size_t>(out - bytes_);
}

}  // namespace wire

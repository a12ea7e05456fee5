#pragma once

// Framing: how messages of agent.proto lie in a byte stream (4 bytes of length, little endian, then the message).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/error_code.hpp>

#include "base/result.h"
#include "wire/agent.pb.h"

namespace wire {

inline constexpr std::size_t kFramePrefixBytes = 4;
inline constexpr std::size_t kFrameBytesMax = std::size_t{33} << 20;  // the largest input, and room for its fields

enum class Errc { frame_too_long = 1, malformed };
boost::system::error_code make_error_code(Errc);

// Appends `message` with its length. A message above kFrameBytesMax is a bug of the caller.
void append_frame(std::string& out, const google::protobuf::MessageLite& message);

// Takes frames out of bytes as they come: room(), read into it, commit(), then next() until it has none.
class FrameReader {
 public:
  // Where to read to: at least 64 KiB; what a frame that has begun still lacks, at most 1 MiB at a time. Ends the life
  // of what next() gave.
  std::span<char> room();
  void commit(std::size_t bytes) { end_ += bytes; }
  // A message's bytes, valid until room(); nullopt where the next frame is not complete. After an error the stream
  // cannot be read any further.
  base::Result<std::optional<std::string_view>> next();

 private:
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// The bytes that stand before `data_bytes` bytes of output in a frame with FromAgent.output, so that output can be
// sent from where it lies.
class OutputHead {
 public:
  OutputHead(std::uint64_t request, std::uint64_t offset, Stream stream, std::size_t data_bytes);
  std::string_view bytes() const { return {bytes_, size_}; }

 private:
  char bytes_[64];
  std::size_t size_ = 0;
};

}  // namespace wire

template <>
struct boost::system::is_error_code_enum<wire::Errc> : std::true_type {};

#pragma once

// OutputDecoder: raw output of two streams in one sequence of offsets -> pieces that can be shown as text.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "execution/execution_service.h"

namespace gateway::events {

// Where to go on, for each stream: every byte of the stream before it has been given out.
struct Position {
  std::uint64_t output = 0;
  std::uint64_t error = 0;

  std::uint64_t of(execution::Stream stream) const { return stream == execution::Stream::output ? output : error; }
  std::uint64_t least() const { return output < error ? output : error; }
  bool operator==(const Position&) const = default;
};

struct Text {
  execution::Stream stream = execution::Stream::output;
  std::uint64_t offset = 0;  // of the first byte
  std::string bytes;         // never ends inside a character, unless the stream did
};

// Holds back at most the three bytes of a character that has begun, for each stream. Bytes before `from` are skipped,
// so that a resumed reader gets each byte once.
class OutputDecoder {
 public:
  explicit OutputDecoder(Position from) : from_(from), head_(from.least()) {}

  // Nothing where all of it was skipped or is held back.
  std::optional<Text> take(execution::Stream stream, std::uint64_t offset, std::string data);

  // What is held back of `stream`, as it is: at a gap, and at the end.
  std::optional<Text> flush(execution::Stream stream);

  // Bytes from offset on were not kept.
  void skip_gap(std::uint64_t offset, std::uint64_t bytes) { head_ = offset + bytes; }

  Position next() const;

 private:
  struct Held {
    std::uint64_t offset = 0;
    std::string bytes;
  };

  Held& held(execution::Stream stream) { return held_[stream == execution::Stream::output ? 0 : 1]; }

  Position from_;
  std::uint64_t head_;  // after the last byte that came
  std::array<Held, 2> held_;
};

// The number of bytes at the end of `text` that begin a UTF-8 character which more bytes could complete: 0 to 3.
// The Unicode Standard, table 3-7.
std::size_t unfinished_suffix(std::string_view text);

}  // namespace gateway::events

#pragma once

// Attachment: how far one reader of an execution has come, what may be sent to it, and whether it is there at all.
// Does no I/O. Offsets are those of the execution's output.

#include <cstdint>
#include <string>
#include <vector>

#include "agent/event_loop.h"

namespace agent {

class Attachment {
 public:
  Attachment(std::uint64_t from, std::uint64_t window, std::string reader)
      : next_(from), acknowledged_(from), window_(window), reader_(std::move(reader)) {}

  const std::string& reader() const { return reader_; }
  std::uint64_t next() const { return next_; }  // the first byte that was not sent
  std::uint64_t acknowledged() const { return acknowledged_; }

  // Bytes that the window still allows.
  std::uint64_t credit() const;
  // Sent, or told of as a gap, up to here.
  void sent_to(std::uint64_t offset) { next_ = offset; }
  // False where `offset` was not sent yet.
  bool acknowledge(std::uint64_t offset, Clock::time_point now);

  // Looks whether output waits for it; call when output came and before present().
  void look(std::uint64_t end, Clock::time_point now);
  // A reader that has output waiting and acknowledges nothing for kReaderAbsentAfter is absent until it does.
  bool present(Clock::time_point now) const;

 private:
  std::uint64_t next_;
  std::uint64_t acknowledged_;
  std::uint64_t window_;
  std::string reader_;
  bool waiting_ = false;  // output waits for it, since when:
  Clock::time_point since_{};
};

// How many bytes may be read from the program now, by the pace of the fastest present reader; UINT64_MAX where nobody
// watches.
std::uint64_t read_allowance(const std::vector<Attachment*>& attachments, std::uint64_t end, Clock::time_point now);
// The offset from which on nothing may be lost; UINT64_MAX where nobody watches.
std::uint64_t needed_from(const std::vector<Attachment*>& attachments, Clock::time_point now);

}  // namespace agent

#include "agent/attachment.h"

#include "agent/limits.h"

namespace agent {

std::uint64_t Attachment::credit() const {
  const std::uint64_t sent = next_ - acknowledged_;
  return sent < window_ ? window_ - sent : 0;
}

bool Attachment::acknowledge(std::uint64_t offset, Clock::time_point now) {
  if (offset > next_) {
    return false;
  }
  if (offset > acknowledged_) {
    acknowledged_ = offset;
  }
  since_ = now;
  return true;
}

void Attachment::look(std::uint64_t end, Clock::time_point now) {
  const bool waiting = end > acknowledged_;
  if (waiting && !waiting_) {
    since_ = now;
  }
  waiting_ = waiting;
}

bool Attachment::present(Clock::time_point now) const {
  return !waiting_ || now - since_ < kReaderAbsentAfter;
}

std::uint64_t needed_from(const std::vector<Attachment*>& attachments, Clock::time_point now) {
  std::uint64_t fastest = UINT64_MAX;
  for (const auto* attachment : attachments) {
    if (attachment->present(now) && (fastest == UINT64_MAX || attachment->acknowledged() > fastest)) {
      fastest = attachment->acknowledged();
    }
  }
  return fastest;
}

std::uint64_t read_allowance(const std::vector<Attachment*>& attachments, std::uint64_t end, Clock::time_point now) {
  const std::uint64_t fastest = needed_from(attachments, now);
  if (fastest == UINT64_MAX) {
    return UINT64_MAX;
  }
  const std::uint64_t ahead = end - fastest;
  return ahead < kAheadBytesMax ? kAheadBytesMax - ahead : 0;
}

}  // namespace agent

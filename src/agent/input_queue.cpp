#include "agent/input_queue.h"

#include "agent/limits.h"

namespace agent {

InputQueue::Accept InputQueue::accept(std::uint64_t offset, std::string_view data) {
  if (offset == UINT64_MAX) {
    offset = end_;
  }
  if (offset > end_) {
    return Accept::gap;
  }
  const std::uint64_t known = end_ - offset;
  if (known >= data.size() && !data.empty()) {
    return Accept::fine;  // sent twice
  }
  if (closed_) {
    return Accept::closed;
  }
  data.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(known, data.size())));
  if (!dropping_) {
    if (waiting().size() + data.size() > kInputBytesMax) {
      return Accept::full;
    }
    if (written_ > 0) {
      waiting_.erase(0, written_);
      written_ = 0;
    }
    waiting_.append(data);
  }
  end_ += data.size();
  return Accept::fine;
}

void InputQueue::written(std::size_t bytes) {
  written_ += bytes;
  if (written_ == waiting_.size()) {
    waiting_ = {};
    written_ = 0;
  }
}

void InputQueue::drop() {
  dropping_ = true;
  waiting_ = {};
  written_ = 0;
}

}  // namespace agent

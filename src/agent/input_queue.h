#pragma once

// InputQueue: what was accepted for a program's stdin and is not written yet. Does no I/O.

#include <cstdint>
#include <string>
#include <string_view>

namespace agent {

class InputQueue {
 public:
  enum class Accept { fine, gap, full, closed };

  // `offset` is the position of data's first byte in the whole input, UINT64_MAX: at its end. What was accepted before
  // is skipped; all of the rest is taken, or nothing.
  Accept accept(std::uint64_t offset, std::string_view data);

  std::uint64_t end() const { return end_; }  // bytes accepted so far
  std::string_view waiting() const { return std::string_view(waiting_).substr(written_); }
  void written(std::size_t bytes);

  void close() { closed_ = true; }  // nothing more will be accepted
  bool closed() const { return closed_; }
  void drop();  // the program reads no more: what waits and what comes is dropped

 private:
  std::string waiting_;
  std::size_t written_ = 0;
  std::uint64_t end_ = 0;
  bool closed_ = false;
  bool dropping_ = false;
};

}  // namespace agent

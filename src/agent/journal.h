#pragma once

// Journal: the newest output of one execution, and what is known of it, in a file that outlives the agent.
//
// The file is a head, a ring of records (where output changes its stream) and a ring of bytes. It is sparse and mapped
// whole; only what posix_fallocate granted is touched, so a full disk is an answer and not a SIGBUS. A ring grows by
// doubling until it is at its maximum, and never after it has wrapped: position = offset % capacity holds all along.
// After an agent was killed between any two instructions the file is still sound.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/fd.h"
#include "wire/agent.pb.h"

namespace agent {

class Journal {
 public:
  struct Piece {
    std::uint64_t offset;
    wire::Stream stream;
    std::string_view data;  // valid until the next prepare()
  };
  // Asked before a file takes `bytes` more of the disk.
  using MayGrow = std::function<bool(std::uint64_t bytes)>;

  // A new file at `path`; nullptr with `error` set where it cannot be made.
  static std::unique_ptr<Journal> create(const std::string& path, std::uint64_t bytes_max, MayGrow may_grow,
                                         std::string& error);
  // One that an earlier agent left; nullptr with `error` set where it is not sound.
  static std::unique_ptr<Journal> open(const std::string& path, std::string& error);
  static std::unique_ptr<Journal> in_memory(std::uint64_t bytes);
  ~Journal();
  // Touches what the first moments of an execution will, so that they meet no page fault.
  void warm_up();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  std::uint64_t begin() const;  // offset of the oldest byte kept
  std::uint64_t end() const;
  std::uint64_t disk_bytes() const;

  // How many bytes more fit without the loss of anything from `offset` on; grows where that is few.
  std::uint64_t room_from(std::uint64_t offset);
  // Room for new output at end(), at most `bytes_max`; never empty. The oldest output makes place.
  std::span<char> prepare(std::size_t bytes_max);
  void commit(wire::Stream stream, std::size_t bytes);
  void append(wire::Stream stream, std::string_view data);

  // What is kept at `offset` (begin() <= offset): one stream's, contiguous, at most `bytes_max`; nullopt at the end.
  std::optional<Piece> at(std::uint64_t offset, std::size_t bytes_max) const;

  // The execution as last stored. Output offsets are not part of it.
  void store(const wire::ExecutionInfo& info, std::uint64_t oom_kills_at_start);
  bool load(wire::ExecutionInfo& info, std::uint64_t& oom_kills_at_start) const;

  // Gives memory back; what is kept stays readable.
  void settle();

 private:
  struct Head;
  struct Layout;

  Journal(Fd file, char* base, std::uint64_t mapped_bytes, MayGrow may_grow);
  static std::unique_ptr<Journal> make(Fd file, char* base, const Layout& layout, MayGrow may_grow);
  bool sound(std::uint64_t file_bytes) const;
  void grow_for(std::uint64_t bytes);
  bool grow_bytes();
  bool grow_records();
  bool grant(std::uint64_t at, std::uint64_t bytes);
  void drop_before(std::uint64_t offset);
  void note_stream(wire::Stream stream);
  std::uint64_t& record(std::uint64_t index) const;

  Fd file_;
  char* base_;
  std::uint64_t mapped_bytes_;
  Head* head_;
  MayGrow may_grow_;
};

}  // namespace agent

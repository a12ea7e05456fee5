#include "agent/journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace agent {
namespace {

constexpr std::uint64_t kMagic = 0x4c4e524a45475246;  // "FRGEJRNL"
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kHeadBytes = 64 << 10;
constexpr std::uint64_t kSlotBytes = 24 << 10;
constexpr std::uint64_t kBytesFirst = 64 << 10;
constexpr std::uint64_t kRoomAhead = 32 << 10;
constexpr std::uint64_t kRecordsFirst = 512;
constexpr std::uint64_t kBytesPerRecord = 256;  // the maxima of the two rings

// Orders what a killed agent leaves behind; the compiler is all that could reorder it.
void settle_order() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

std::uint64_t checksum(const char* data, std::uint64_t bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (std::uint64_t i = 0; i < bytes; ++i) {
    hash = (hash ^ static_cast<unsigned char>(data[i])) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

// A record is `start << 1 | is_stderr`: from `start` on, up to the next record's, output is of that stream.
struct Journal::Head {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slot;  // which of the two holds the info
  std::uint64_t bytes_max;
  std::uint64_t bytes_capacity;
  std::uint64_t records_max;
  std::uint64_t records_capacity;
  std::uint64_t end;          // offset after the newest byte
  std::uint64_t end_touched;  // bytes up to here may have been written already
  std::uint64_t floor;        // nothing below is kept, its record went
  std::uint64_t records_begin;
  std::uint64_t records_end;
  std::uint64_t oom_kills_at_start;
  std::uint64_t slot_bytes[2];
  std::uint64_t slot_checksum[2];
};

struct Journal::Layout {
  std::uint64_t bytes_max;
  std::uint64_t bytes_first;
  std::uint64_t records_max;
  std::uint64_t records_first;
  std::uint64_t records_room() const { return (records_max * sizeof(std::uint64_t) + 4095) & ~std::uint64_t{4095}; }
  std::uint64_t file_bytes() const { return kHeadBytes + records_room() + bytes_max; }
};

namespace {

std::uint64_t round_up_power(std::uint64_t value) {
  std::uint64_t power = 4096;
  while (power < value) {
    power *= 2;
  }
  return power;
}

}  // namespace

Journal::Journal(Fd file, char* base, std::uint64_t mapped_bytes, MayGrow may_grow)
    : file_(std::move(file)),
      base_(base),
      mapped_bytes_(mapped_bytes),
      head_(reinterpret_cast<Head*>(base)),
      may_grow_(std::move(may_grow)) {
  static_assert(sizeof(Head) <= kHeadBytes - 2 * kSlotBytes);
}

Journal::~Journal() {
  ::munmap(base_, mapped_bytes_);
}

void Journal::warm_up() {
  const Layout layout{head_->bytes_max, 0, head_->records_max, 0};
  for (const std::uint64_t at :
       {kHeadBytes - kSlotBytes, kHeadBytes - 2 * kSlotBytes, kHeadBytes, kHeadBytes + layout.records_room()}) {
    const_cast<volatile char*>(base_)[at] = 0;
  }
}

std::unique_ptr<Journal> Journal::make(Fd file, char* base, const Layout& layout, MayGrow may_grow) {
  std::unique_ptr<Journal> journal(new Journal(std::move(file), base, layout.file_bytes(), std::move(may_grow)));
  Head& head = *journal->head_;
  head.version = kVersion;
  head.bytes_max = layout.bytes_max;
  head.bytes_capacity = layout.bytes_first;
  head.records_max = layout.records_max;
  head.records_capacity = layout.records_first;
  settle_order();
  head.magic = kMagic;
  return journal;
}

std::unique_ptr<Journal> Journal::create(const std::string& path, std::uint64_t bytes_max, MayGrow may_grow,
                                         std::string& error) {
  Layout layout{};
  layout.bytes_max = round_up_power(bytes_max);
  layout.bytes_first = std::min(kBytesFirst, layout.bytes_max);
  layout.records_max = std::max(layout.bytes_max / kBytesPerRecord, kRecordsFirst);
  layout.records_first = kRecordsFirst;

  const std::uint64_t first = kHeadBytes + layout.records_first * sizeof(std::uint64_t) + layout.bytes_first;
  if (may_grow && !may_grow(first)) {
    error = "the journals' space is used up";
    return nullptr;
  }
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const auto size = static_cast<off_t>(layout.file_bytes());
  int failed = file ? 0 : errno;
  if (failed == 0 && ::ftruncate(file.get(), size) != 0) {
    failed = errno;
  }
  if (failed == 0) {
    failed = ::posix_fallocate(file.get(), 0, kHeadBytes + static_cast<off_t>(layout.records_first * 8));
  }
  if (failed == 0) {
    failed = ::posix_fallocate(file.get(), static_cast<off_t>(kHeadBytes + layout.records_room()),
                               static_cast<off_t>(layout.bytes_first));
  }
  void* base = MAP_FAILED;
  if (failed == 0) {
    base = ::mmap(nullptr, layout.file_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    failed = base == MAP_FAILED ? errno : 0;
  }
  if (failed != 0) {
    error = std::strerror(failed);
    if (file) {
      ::unlink(path.c_str());
    }
    return nullptr;
  }
  // Else the first touch reads around itself: milliseconds of clearing pages that few runs will use.
  ::madvise(base, layout.file_bytes(), MADV_RANDOM);
  return make(std::move(file), static_cast<char*>(base), layout, std::move(may_grow));
}

std::unique_ptr<Journal> Journal::in_memory(std::uint64_t bytes) {
  Layout layout{};
  layout.bytes_max = layout.bytes_first = round_up_power(bytes);
  layout.records_max = layout.records_first = std::max(layout.bytes_max / kBytesPerRecord, kRecordsFirst);
  void* base = ::mmap(nullptr, layout.file_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    return nullptr;
  }
  return make(Fd(), static_cast<char*>(base), layout, {});
}

std::unique_ptr<Journal> Journal::open(const std::string& path, std::string& error) {
  Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat stat {};
  if (!file || ::fstat(file.get(), &stat) != 0) {
    error = std::strerror(errno);
    return nullptr;
  }
  const auto bytes = static_cast<std::uint64_t>(stat.st_size);
  if (!S_ISREG(stat.st_mode) || bytes < kHeadBytes) {
    error = "it is too short for a journal";
    return nullptr;
  }
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (base == MAP_FAILED) {
    error = std::strerror(errno);
    return nullptr;
  }
  std::unique_ptr<Journal> journal(new Journal(std::move(file), static_cast<char*>(base), bytes, {}));
  if (!journal->sound(bytes)) {
    error = "its contents are damaged";
    return nullptr;
  }
  return journal;
}

bool Journal::sound(std::uint64_t file_bytes) const {
  const Head& head = *head_;
  const auto ring = [](std::uint64_t capacity, std::uint64_t max) {
    return capacity > 0 && capacity <= max && max <= std::uint64_t{1} << 40 && max % capacity == 0;
  };
  if (head.magic != kMagic || head.version != kVersion || head.slot > 1 || !ring(head.bytes_capacity, head.bytes_max) ||
      !ring(head.records_capacity, head.records_max)) {
    return false;
  }
  const Layout layout{head.bytes_max, 0, head.records_max, 0};
  if (layout.file_bytes() != file_bytes || head.records_begin > head.records_end ||
      head.records_end - head.records_begin > head.records_capacity || head.floor > head.end) {
    return false;
  }
  if (head.records_begin == head.records_end) {
    return head.end == 0;
  }
  for (std::uint64_t i = head.records_begin + 1; i < head.records_end; ++i) {
    if (record(i) >> 1 <= record(i - 1) >> 1) {
      return false;
    }
  }
  // The newest record may stand for output that was not committed any more.
  return record(head.records_begin) >> 1 <= begin() && record(head.records_end - 1) >> 1 <= head.end;
}

std::uint64_t& Journal::record(std::uint64_t index) const {
  return reinterpret_cast<std::uint64_t*>(base_ + kHeadBytes)[index % head_->records_capacity];
}

std::uint64_t Journal::end() const {
  return head_->end;
}

std::uint64_t Journal::begin() const {
  const std::uint64_t touched = std::max(head_->end, head_->end_touched);
  const std::uint64_t kept = touched > head_->bytes_capacity ? touched - head_->bytes_capacity : 0;
  return std::min(std::max(kept, head_->floor), head_->end);
}

std::uint64_t Journal::disk_bytes() const {
  return file_ ? kHeadBytes + head_->records_capacity * sizeof(std::uint64_t) + head_->bytes_capacity : 0;
}

bool Journal::grant(std::uint64_t at, std::uint64_t bytes) {
  return file_ && (!may_grow_ || may_grow_(bytes)) &&
         ::posix_fallocate(file_.get(), static_cast<off_t>(at), static_cast<off_t>(bytes)) == 0;
}

bool Journal::grow_bytes() {
  Head& head = *head_;
  if (head.bytes_capacity == head.bytes_max || head.end > head.bytes_capacity) {
    return false;
  }
  const Layout layout{head.bytes_max, 0, head.records_max, 0};
  if (!grant(kHeadBytes + layout.records_room() + head.bytes_capacity, head.bytes_capacity)) {
    return false;
  }
  head.bytes_capacity *= 2;
  return true;
}

bool Journal::grow_records() {
  Head& head = *head_;
  const std::uint64_t bytes = head.records_capacity * sizeof(std::uint64_t);
  if (head.records_capacity == head.records_max || head.records_end > head.records_capacity ||
      !grant(kHeadBytes + bytes, bytes)) {
    return false;
  }
  head.records_capacity *= 2;
  return true;
}

std::uint64_t Journal::room_from(std::uint64_t offset) {
  grow_for(kRoomAhead);
  const std::uint64_t second = head_->records_begin + 1;
  const bool records_full = head_->records_end - head_->records_begin == head_->records_capacity && !grow_records();
  if (records_full && (second >= head_->records_end || record(second) >> 1 > offset)) {
    return 0;  // the oldest record may not go
  }
  const std::uint64_t kept = head_->end - std::min(offset, head_->end);
  return head_->bytes_capacity > kept ? head_->bytes_capacity - kept : 0;
}

// Grows before the ring is full: one that has begun anew grows no more.
void Journal::grow_for(std::uint64_t bytes) {
  while (head_->end + bytes > head_->bytes_capacity && grow_bytes()) {
  }
}

std::span<char> Journal::prepare(std::size_t bytes_max) {
  Head& head = *head_;
  grow_for(std::min<std::uint64_t>(bytes_max, kRoomAhead));
  const std::uint64_t position = head.end % head.bytes_capacity;
  const auto bytes = std::min<std::uint64_t>(bytes_max, head.bytes_capacity - position);
  head.end_touched = head.end + bytes;
  settle_order();
  const Layout layout{head.bytes_max, 0, head.records_max, 0};
  return {base_ + kHeadBytes + layout.records_room() + position, static_cast<std::size_t>(bytes)};
}

void Journal::note_stream(wire::Stream stream) {
  Head& head = *head_;
  const std::uint64_t is_error = stream == wire::STDERR ? 1 : 0;
  const bool any = head.records_end > head.records_begin;
  if (any && (record(head.records_end - 1) & 1) == is_error) {
    return;
  }
  if (any && record(head.records_end - 1) >> 1 == head.end) {  // left by an agent that was killed
    record(head.records_end - 1) = head.end << 1 | is_error;
    return;
  }
  if (head.records_end - head.records_begin == head.records_capacity && !grow_records()) {
    head.floor = record(head.records_begin + 1) >> 1;
    settle_order();
    ++head.records_begin;
  }
  settle_order();
  record(head.records_end) = head.end << 1 | is_error;
  settle_order();
  ++head.records_end;
}

void Journal::drop_before(std::uint64_t offset) {
  Head& head = *head_;
  while (head.records_begin + 1 < head.records_end && record(head.records_begin + 1) >> 1 <= offset) {
    ++head.records_begin;
  }
}

void Journal::commit(wire::Stream stream, std::size_t bytes) {
  if (bytes > 0) {
    note_stream(stream);
    settle_order();
    head_->end += bytes;
  }
  settle_order();
  head_->end_touched = head_->end;
  drop_before(begin());
}

void Journal::append(wire::Stream stream, std::string_view data) {
  while (!data.empty()) {
    const auto room = prepare(data.size());
    std::memcpy(room.data(), data.data(), room.size());
    commit(stream, room.size());
    data.remove_prefix(room.size());
  }
}

std::optional<Journal::Piece> Journal::at(std::uint64_t offset, std::size_t bytes_max) const {
  const Head& head = *head_;
  if (offset >= head.end || offset < begin()) {
    return std::nullopt;
  }
  std::uint64_t low = head.records_begin;  // the last record that starts at or before `offset`
  std::uint64_t high = head.records_end;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (record(middle) >> 1 <= offset ? low : high) = middle;
  }
  const std::uint64_t stop = low + 1 < head.records_end ? record(low + 1) >> 1 : head.end;
  const std::uint64_t position = offset % head.bytes_capacity;
  const std::uint64_t bytes =
      std::min({stop - offset, static_cast<std::uint64_t>(bytes_max), head.bytes_capacity - position});
  const Layout layout{head.bytes_max, 0, head.records_max, 0};
  return Piece{offset,
               record(low) & 1 ? wire::STDERR : wire::STDOUT,
               {base_ + kHeadBytes + layout.records_room() + position, static_cast<std::size_t>(bytes)}};
}

void Journal::store(const wire::ExecutionInfo& info, std::uint64_t oom_kills_at_start) {
  Head& head = *head_;
  const std::uint32_t slot = 1 - head.slot;
  char* const to = base_ + kHeadBytes - (slot + 1) * kSlotBytes;
  const auto bytes = static_cast<std::uint64_t>(info.ByteSizeLong());
  if (bytes > kSlotBytes) {
    return;  // the limits of labels, readers and reasons stay far below
  }
  info.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to));
  head.slot_bytes[slot] = bytes;
  head.slot_checksum[slot] = checksum(to, bytes);
  head.oom_kills_at_start = oom_kills_at_start;
  settle_order();
  head.slot = slot;
}

bool Journal::load(wire::ExecutionInfo& info, std::uint64_t& oom_kills_at_start) const {
  const std::uint32_t slot = head_->slot;
  const char* const from = base_ + kHeadBytes - (slot + 1) * kSlotBytes;
  const std::uint64_t bytes = head_->slot_bytes[slot];
  if (bytes > kSlotBytes || checksum(from, bytes) != head_->slot_checksum[slot] ||
      !info.ParseFromArray(from, static_cast<int>(bytes))) {
    return false;
  }
  oom_kills_at_start = head_->oom_kills_at_start;
  return true;
}

void Journal::settle() {
  if (file_) {
    ::madvise(base_, mapped_bytes_, MADV_DONTNEED);
  }
}

}  // namespace agent

#include "sandbox/attachment_queue.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/limits.h"
#include "sandbox/spawner.h"

namespace sandbox {
namespace asio = boost::asio;

void AttachmentQueue::push(AttachmentEvent event) {
  const std::lock_guard lock(mutex_);
  if (error_) return;
  if (entries_.empty() || !pack(entries_.back(), event)) entries_.push_back({std::move(event), {}});
  wake();
}

void AttachmentQueue::fail(base::Error error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  wake();
}

void AttachmentQueue::cancel() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  error_ = base::fail(Errc::lost, "The attachment was given up.");
  wake();
}

asio::awaitable<base::Result<AttachmentEvent>> AttachmentQueue::next() {
  while (true) {
    std::shared_ptr<asio::steady_timer> waiting;
    const auto executor = co_await asio::this_coro::executor;
    {
      const std::lock_guard lock(mutex_);
      if (!entries_.empty()) co_return take();
      if (error_) co_return *error_;
      waiting_ = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
      waiting = waiting_;
    }
    // The waking handler is posted to this executor, so it runs after this wait has begun.
    boost::system::error_code woken;
    co_await waiting->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

bool AttachmentQueue::pack(Entry& entry, const AttachmentEvent& event) {
  using Kind = AttachmentEvent::Kind;
  AttachmentEvent& last = entry.event;
  if (last.kind != Kind::output || event.kind != Kind::output) return false;
  if (last.data.size() + event.data.size() > kPackedBytesMax) return false;
  if (last.offset + last.data.size() != event.offset) return false;
  const auto size = static_cast<std::uint32_t>(event.data.size());
  if (entry.pieces.empty()) entry.pieces.push_back({static_cast<std::uint32_t>(last.data.size()), last.stream});
  if (entry.pieces.back().stream == event.stream) {
    entry.pieces.back().bytes += size;
  } else {
    entry.pieces.push_back({size, event.stream});
  }
  last.data += event.data;
  return true;
}

AttachmentEvent AttachmentQueue::take() {
  Entry& entry = entries_.front();
  AttachmentEvent event;
  if (entry.pieces.size() > 1) {
    const Piece piece = entry.pieces[entry.pieces_taken++];
    event.offset = entry.event.offset + entry.bytes_taken;
    event.stream = piece.stream;
    event.data = entry.event.data.substr(entry.bytes_taken, piece.bytes);
    entry.bytes_taken += piece.bytes;
    if (entry.pieces_taken < entry.pieces.size()) return event;
  } else {
    event = std::move(entry.event);
  }
  entries_.pop_front();
  return event;
}

void AttachmentQueue::wake() {
  if (const auto timer = std::exchange(waiting_, nullptr)) {
    asio::post(timer->get_executor(), [timer] { timer->cancel(); });
  }
}

}  // namespace sandbox

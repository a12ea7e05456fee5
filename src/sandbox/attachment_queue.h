#pragma once

// AttachmentQueue: what came for one attachment, between the link's executor and its reader's. The agent's credit
// bounds its bytes; small pieces wait packed, so that a program that writes single bytes costs some bytes for each.

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sandbox/agent_link.h"

namespace sandbox {

// Thread-safe; one reader, whose executor is one thread or a strand.
class AttachmentQueue {
 public:
  // Neighbours of one stream may come out as one event.
  void push(AttachmentEvent event);
  // After what came before, next() fails with `error`. The first one counts.
  void fail(base::Error error);
  // What waits is dropped; next() fails at once.
  void cancel();

  boost::asio::awaitable<base::Result<AttachmentEvent>> next();

 private:
  struct Piece {
    std::uint32_t bytes;
    wire::Stream stream;
  };
  // An event or, where there are pieces, several of output, one after the other in its data.
  struct Entry {
    AttachmentEvent event;
    std::vector<Piece> pieces;
    std::size_t pieces_taken = 0;
    std::size_t bytes_taken = 0;
  };

  static bool pack(Entry& entry, const AttachmentEvent& event);
  AttachmentEvent take();
  void wake();

  std::mutex mutex_;
  std::deque<Entry> entries_;
  std::optional<base::Error> error_;
  std::shared_ptr<boost::asio::steady_timer> waiting_;
};

}  // namespace sandbox

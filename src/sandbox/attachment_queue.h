#pragma once

// AttachmentQueue: what came for one attachment, between the link's executor and its reader's. The agent's credit
// bounds it.

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/agent_link.h"
#include "sandbox/spawner.h"

namespace sandbox {

// Thread-safe; one reader.
class AttachmentQueue {
 public:
  void push(AttachmentEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    wake();
  }

  // After what came before, next() fails with `error`. The first one counts.
  void fail(base::Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    wake();
  }

  // What waits is dropped; next() fails at once.
  void cancel() {
    const std::lock_guard lock(mutex_);
    events_.clear();
    error_ = base::fail(Errc::lost, "the attachment was given up");
    wake();
  }

  boost::asio::awaitable<base::Result<AttachmentEvent>> next() {
    while (true) {
      std::shared_ptr<boost::asio::steady_timer> waiting;
      const auto executor = co_await boost::asio::this_coro::executor;
      {
        const std::lock_guard lock(mutex_);
        if (!events_.empty()) {
          AttachmentEvent event = std::move(events_.front());
          events_.pop_front();
          co_return event;
        }
        if (error_) co_return *error_;
        waiting_ = std::make_shared<boost::asio::steady_timer>(executor, boost::asio::steady_timer::time_point::max());
        waiting = waiting_;
      }
      // The waking handler is posted to this executor, so it runs after this wait has begun.
      boost::system::error_code woken;
      co_await waiting->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
  }

 private:
  void wake() {
    if (const auto timer = std::exchange(waiting_, nullptr)) {
      boost::asio::post(timer->get_executor(), [timer] { timer->cancel(); });
    }
  }

  std::mutex mutex_;
  std::deque<AttachmentEvent> events_;
  std::optional<base::Error> error_;
  std::shared_ptr<boost::asio::steady_timer> waiting_;
};

}  // namespace sandbox

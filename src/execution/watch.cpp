#include "execution/watch.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "execution/limits.h"
#include "execution/wire_values.h"

namespace execution {
namespace asio = boost::asio;

namespace {

bool is_missing(const base::Error& error) {
  return error.code == sandbox::make_error_code(sandbox::Errc::not_found);
}

class LinkWatch final : public Watch {
 public:
  LinkWatch(std::shared_ptr<SandboxLinks> links, std::string sandbox, std::string id, std::uint64_t from,
            std::string reader)
      : links_(std::move(links)),
        sandbox_(std::move(sandbox)),
        id_(std::move(id)),
        next_(from),
        reader_(std::move(reader)) {}

  // Nothing was attached before where it fails.
  asio::awaitable<base::Result<void>> attach(IfStopped if_stopped) {
    auto link = co_await links_->get(sandbox_, if_stopped, {});
    if (!link) co_return link.error();
    auto attached = co_await (*link)->attach(id_, next_, reader_);
    if (!attached) co_return attached.error();
    info_ = info_of(attached->info);
    std::unique_ptr<sandbox::Attachment> old;
    const std::lock_guard lock(mutex_);
    old = std::exchange(attachment_, std::move(attached->attachment));
    if (cancelled_) attachment_->cancel();
    co_return base::Result<void>();
  }

  const Info& info() const override { return info_; }

  asio::awaitable<Event> next() override {
    while (!cancelled_) {
      auto event = co_await attachment_->next();
      if (cancelled_) break;
      if (event) {
        if (event->kind == sandbox::AttachmentEvent::Kind::output) next_ = event->offset + event->data.size();
        if (event->kind == sandbox::AttachmentEvent::Kind::gap) next_ = event->offset + event->missing_bytes;
        co_return event_of(std::move(*event));
      }
      if (!co_await attach_again()) co_return lost();
    }
    Event end;
    end.kind = Event::Kind::ended;
    co_return end;
  }

  void acknowledge(std::uint64_t offset) override {
    const std::lock_guard lock(mutex_);
    attachment_->acknowledge(offset);
  }

  void cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    attachment_->cancel();
  }

 private:
  // The agent may be starting again after a crash, or the sandbox may have to: what it kept is read from there.
  asio::awaitable<bool> attach_again() {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    auto delay = kReattachDelayFirst;
    for (int attempt = 0; attempt < kReattachAttempts && !cancelled_; ++attempt) {
      const auto attached = co_await attach(attempt == 0 ? IfStopped::fail : IfStopped::start_it);
      if (attached) co_return true;
      if (is_missing(attached.error())) co_return false;
      pause.expires_after(delay);
      boost::system::error_code woken;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      delay = std::min(delay * 2, kReattachDelayMax);
    }
    co_return false;
  }

  Event lost() const {
    Info info = info_;
    info.status = Status::sandbox_lost;
    info.reason = "the sandbox ended while it ran";
    info.output_end = std::max(info.output_end, next_);
    Event end;
    end.kind = Event::Kind::ended;
    end.offset = next_;
    end.info = std::make_shared<Info>(std::move(info));
    return end;
  }

  std::shared_ptr<SandboxLinks> links_;
  const std::string sandbox_;
  const std::string id_;
  std::uint64_t next_;
  const std::string reader_;
  Info info_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;  // acknowledge and cancel come from other threads than next
  std::unique_ptr<sandbox::Attachment> attachment_;
};

}  // namespace

asio::awaitable<base::Result<std::unique_ptr<Watch>>> make_watch(std::shared_ptr<SandboxLinks> links,
                                                                 std::string sandbox, std::string id,
                                                                 std::uint64_t from, std::string reader) {
  auto watch =
      std::make_unique<LinkWatch>(std::move(links), std::move(sandbox), std::move(id), from, std::move(reader));
  const auto attached = co_await watch->attach(IfStopped::fail);
  if (!attached) co_return error_of(attached.error());
  co_return std::unique_ptr<Watch>(std::move(watch));
}

}  // namespace execution

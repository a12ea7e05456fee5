#include "execution/watch.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "execution/limits.h"
#include "execution/wire_values.h"

// After a loss the watch attaches at the offset that was acknowledged, not at the one that was given out: so the agent
// holds the program back, and remembers its reader, by what was really handed on. What was given out already comes a
// second time then, at most a window, and is dropped here.

namespace execution {
namespace asio = boost::asio;

namespace {

class LinkWatch final : public Watch {
 public:
  LinkWatch(std::shared_ptr<SandboxLinks> links, std::string sandbox, std::string id, std::uint64_t from,
            std::string reader)
      : links_(std::move(links)),
        sandbox_(std::move(sandbox)),
        id_(std::move(id)),
        reader_(std::move(reader)),
        next_(from),
        acknowledged_(from) {}

  void begin_with(sandbox::AgentLink::Attached attached) {
    info_ = latest_ = info_of(attached.info);
    attachment_ = std::move(attached.attachment);
  }

  asio::awaitable<base::Result<void>> begin() {
    base::Error failure;
    for (int attempt = 0; attempt < kLostAttempts; ++attempt) {
      const auto link = co_await links_->get(sandbox_, IfStopped::fail, {});
      if (!link) co_return is_stopped(link.error()) ? not_running() : error_of(link.error());
      const auto attached = co_await attach_over(*link);
      info_ = latest_;
      if (attached) co_return attached;
      failure = attached.error();
      if (!is_lost(failure)) break;
    }
    co_return error_of(failure);
  }

  const Info& info() const override { return info_; }

  asio::awaitable<Event> next() override {
    while (!cancelled_ && !end_) {
      auto event = co_await attachment_->next();
      if (cancelled_) break;
      if (event) {
        if (auto fresh = fresh_part(event_of(std::move(*event)))) co_return std::move(*fresh);
      } else if (const auto attached = co_await attach_again(); !attached && !cancelled_) {
        if (auto gap = lose(attached.error())) co_return std::move(*gap);
      }
    }
    Event end;
    end.kind = Event::Kind::ended;
    co_return cancelled_ ? end : *end_;
  }

  void acknowledge(std::uint64_t offset) override {
    const std::lock_guard lock(mutex_);
    acknowledged_ = std::max(acknowledged_, offset);
    attachment_->acknowledge(offset);
  }

  void cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    attachment_->cancel();
    if (pause_) asio::post(pause_->get_executor(), [pause = pause_] { pause->cancel(); });
  }

 private:
  asio::awaitable<base::Result<void>> attach(IfStopped if_stopped) {
    const auto link = co_await links_->get(sandbox_, if_stopped, {});
    if (!link) co_return link.error();
    co_return co_await attach_over(*link);
  }

  asio::awaitable<base::Result<void>> attach_over(SandboxLinks::Link link) {
    auto attached = co_await link->attach(id_, from(), reader_);
    if (!attached) co_return attached.error();
    latest_ = info_of(attached->info);
    auto attachment = std::move(attached->attachment);
    const std::lock_guard lock(mutex_);
    attachment_.swap(attachment);
    if (cancelled_) attachment_->cancel();
    co_return base::Result<void>();
  }

  std::uint64_t from() {
    const std::lock_guard lock(mutex_);
    return std::min(acknowledged_, next_);
  }

  // The agent may be starting again after a crash, or the sandbox may have to: what it kept is read from there.
  asio::awaitable<base::Result<void>> attach_again() {
    base::Result<void> attached = base::fail(sandbox::Errc::lost, "the connection ends as soon as it is made");
    while (losses_ < kReattachAttempts) {
      if (losses_ > 0 && !co_await pause()) break;
      const IfStopped if_stopped = losses_ == 0 ? IfStopped::fail : IfStopped::start_it;
      ++losses_;
      attached = co_await attach(if_stopped);
      if (attached || is_gone(attached.error())) break;
    }
    co_return attached;
  }

  // False where the watch was cancelled.
  asio::awaitable<bool> pause() {
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor);
    timer->expires_after(std::min(kReattachDelayFirst * (1 << (losses_ - 1)), kReattachDelayMax));
    if (!set_pause(timer)) co_return false;
    boost::system::error_code woken;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    co_return set_pause(nullptr);
  }

  // False where the watch was cancelled.
  bool set_pause(std::shared_ptr<asio::steady_timer> pause) {
    const std::lock_guard lock(mutex_);
    pause_ = std::move(pause);
    return !cancelled_;
  }

  // The agent runs and does not have it, or not so much of it.
  static bool is_gone(const base::Error& error) {
    return error.code == sandbox::Errc::not_found || error.code == sandbox::Errc::refused;
  }

  // What of it was not given out before.
  std::optional<Event> fresh_part(Event event) {
    if (event.kind == Event::Kind::ended) {
      end_ = std::move(event);
      return std::nullopt;
    }
    const bool is_gap = event.kind == Event::Kind::gap;
    const std::uint64_t bytes = is_gap ? event.missing_bytes : event.data.size();
    if (event.offset + bytes <= next_) return std::nullopt;
    const std::uint64_t known = next_ - std::min(next_, event.offset);
    event.offset += known;
    if (is_gap) {
      event.missing_bytes -= known;
    } else if (known > 0) {
      event.data.erase(0, known);
    }
    next_ = event.offset + bytes - known;
    losses_ = 0;
    return event;
  }

  // Ends the watch. Gives the gap where it is known how much is missing.
  std::optional<Event> lose(const base::Error& why) {
    Event end;
    end.kind = Event::Kind::ended;
    Info info = latest_;
    std::optional<Event> gap;
    if (is_end(info.status)) {
      if (next_ < info.output_end) {
        gap.emplace();
        gap->kind = Event::Kind::gap;
        gap->offset = next_;
        gap->missing_bytes = info.output_end - next_;
        next_ = info.output_end;
      }
    } else {
      info.status = Status::sandbox_lost;
      info.reason = "the sandbox ended while it ran, and it was not found again: " + why.message();
      info.output_end = std::max(info.output_end, next_);
    }
    end.offset = info.output_end;
    end.info = std::make_shared<Info>(std::move(info));
    end_ = std::move(end);
    return gap;
  }

  const std::shared_ptr<SandboxLinks> links_;
  const std::string sandbox_;
  const std::string id_;
  const std::string reader_;
  Info info_;
  Info latest_;         // as it stood when it was last attached
  std::uint64_t next_;  // the first byte that was not given out
  std::optional<Event> end_;
  int losses_ = 0;  // tries to attach since something new came
  std::atomic<bool> cancelled_{false};

  std::mutex mutex_;  // acknowledge and cancel come from other threads than next
  std::uint64_t acknowledged_;
  std::unique_ptr<sandbox::Attachment> attachment_;
  std::shared_ptr<asio::steady_timer> pause_;
};

}  // namespace

asio::awaitable<base::Result<std::unique_ptr<Watch>>> make_watch(std::shared_ptr<SandboxLinks> links,
                                                                 std::string sandbox, std::string id,
                                                                 std::uint64_t from, std::string reader) {
  auto watch =
      std::make_unique<LinkWatch>(std::move(links), std::move(sandbox), std::move(id), from, std::move(reader));
  const auto begun = co_await watch->begin();
  if (!begun) co_return begun.error();
  co_return std::unique_ptr<Watch>(std::move(watch));
}

std::unique_ptr<Watch> make_watch(std::shared_ptr<SandboxLinks> links, std::string sandbox, std::string reader,
                                  sandbox::AgentLink::Attached attached) {
  auto watch =
      std::make_unique<LinkWatch>(std::move(links), std::move(sandbox), attached.info.id(), 0, std::move(reader));
  watch->begin_with(std::move(attached));
  return watch;
}

}  // namespace execution

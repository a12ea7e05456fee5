#include "sandbox/agent_link.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/attachment_queue.h"
#include "sandbox/spawner.h"
#include "wire/framing.h"

// Everything of a link happens on its executor: requests come there by co_spawn, answers find their callers by the
// request's number. Only an attachment's queue and its acknowledged offset are touched by other threads.

namespace sandbox {
namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::chrono::seconds kHelloDeadline{10};

base::Error lost() {
  return base::fail(Errc::lost, "The connection to the sandbox was lost.");
}

base::Error too_much() {
  return base::fail(Errc::too_many, "The sandbox takes what is sent to it too slowly. Try again later.");
}

Errc errc_of(wire::Failure::Code code) {
  switch (code) {
    case wire::Failure::NO_SUCH_EXECUTION:
      return Errc::not_found;
    case wire::Failure::TOO_LARGE:
      return Errc::too_large;
    case wire::Failure::INPUT_CLOSED:
      return Errc::input_closed;
    case wire::Failure::INPUT_FULL:
      return Errc::input_full;
    case wire::Failure::TOO_MANY:
      return Errc::too_many;
    default:
      return Errc::refused;
  }
}

class Link;

class LinkAttachment final : public Attachment {
 public:
  // Shared with the link: outlives the handle that the reader holds.
  struct State {
    AttachmentQueue queue;
    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<bool> scheduled{false};
    std::uint64_t sent = 0;  // on the link's executor from here on
    bool is_over = false;    // its last event came
  };

  LinkAttachment(std::shared_ptr<Link> link, std::uint64_t number, std::shared_ptr<State> state)
      : link_(std::move(link)), number_(number), state_(std::move(state)) {}
  ~LinkAttachment() override;

  asio::awaitable<base::Result<AttachmentEvent>> next() override { return state_->queue.next(); }
  void acknowledge(std::uint64_t offset) override;
  void cancel() override { state_->queue.cancel(); }

 private:
  std::shared_ptr<Link> link_;
  std::uint64_t number_;
  std::shared_ptr<State> state_;
};

class Link final : public AgentLink, public std::enable_shared_from_this<Link> {
 public:
  Link(asio::any_io_executor executor, std::unique_ptr<ByteStream> stream, LinkTimes times)
      : executor_(std::move(executor)),
        stream_(std::move(stream)),
        times_(times),
        more_to_send_(executor_, asio::steady_timer::time_point::max()),
        look_(executor_) {}

  void begin() {
    asio::co_spawn(executor_, read_all(shared_from_this()), asio::detached);
    asio::co_spawn(executor_, write_all(shared_from_this()), asio::detached);
    asio::co_spawn(executor_, look_after(shared_from_this()), asio::detached);
  }

  asio::awaitable<base::Result<wire::FromAgent>> call(wire::ToAgent message,
                                                      std::chrono::milliseconds deadline) override {
    return asio::co_spawn(executor_, exchange(shared_from_this(), std::move(message), deadline), asio::use_awaitable);
  }

  asio::awaitable<base::Result<Attached>> attach(std::string id, std::uint64_t from, std::string reader) override {
    return asio::co_spawn(executor_, attach_here(shared_from_this(), std::move(id), from, std::move(reader)),
                          asio::use_awaitable);
  }

  asio::awaitable<base::Result<Attached>> start(wire::ToAgent message, std::string reader,
                                                std::chrono::milliseconds deadline) override {
    return asio::co_spawn(executor_, start_here(shared_from_this(), std::move(message), std::move(reader), deadline),
                          asio::use_awaitable);
  }

  bool alive() const override { return alive_; }
  void close() override {
    asio::post(executor_, [self = shared_from_this()] { self->end(); });
  }

  // Any thread: tells the agent how far this attachment's reader is. What comes until then is told with it.
  void schedule_acknowledge(std::uint64_t number, const std::shared_ptr<LinkAttachment::State>& state) {
    asio::post(executor_, [self = shared_from_this(), number, state] {
      state->scheduled = false;
      self->send_acknowledge(number, *state);
    });
  }

  void detach(std::uint64_t number, const std::shared_ptr<LinkAttachment::State>& state) {
    asio::post(executor_, [self = shared_from_this(), number, state] {
      self->send_acknowledge(number, *state);
      if (self->attachments_.erase(number) > 0) self->send_detach(number);
    });
  }

 private:
  struct Pending {
    Pending(const asio::any_io_executor& executor, std::uint64_t request) : timer(executor), request(request) {}
    asio::steady_timer timer;
    const std::uint64_t request;
    std::optional<base::Result<wire::FromAgent>> answer;
  };
  using State = LinkAttachment::State;
  using Clock = std::chrono::steady_clock;

  // Its answer is to be awaited.
  std::shared_ptr<Pending> ask(wire::ToAgent message) {
    if (message.request() == 0) message.set_request(next_request_++);
    auto pending = std::make_shared<Pending>(executor_, message.request());
    if (!alive_) {
      pending->answer = base::Result<wire::FromAgent>(lost());
    } else if (outbox_.size() > kLinkOutboxBytesMax) {
      pending->answer = base::Result<wire::FromAgent>(too_much());
    } else {
      pending_[pending->request] = pending;
      send(message);
    }
    return pending;
  }

  static asio::awaitable<base::Result<wire::FromAgent>> exchange(std::shared_ptr<Link> self, wire::ToAgent message,
                                                                 std::chrono::milliseconds deadline) {
    auto pending = self->ask(std::move(message));
    co_return co_await answer_to(std::move(self), std::move(pending), deadline);
  }

  static asio::awaitable<base::Result<wire::FromAgent>> answer_to(std::shared_ptr<Link> self,
                                                                  std::shared_ptr<Pending> pending,
                                                                  std::chrono::milliseconds deadline) {
    if (!pending->answer) {
      pending->timer.expires_after(deadline);
      boost::system::error_code woken;
      co_await pending->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    self->pending_.erase(pending->request);
    if (!pending->answer) co_return base::fail(Errc::timeout, "The sandbox did not answer in time.");
    if (!*pending->answer) co_return pending->answer->error();
    wire::FromAgent answer = std::move(**pending->answer);
    if (answer.has_failure()) co_return base::fail(errc_of(answer.failure().code()), answer.failure().message());
    co_return answer;
  }

  // An attachment that is asked for: its output may come before the answer is looked at.
  struct Asked {
    std::shared_ptr<State> state;
    std::shared_ptr<Pending> pending;
  };

  Asked ask_attach(std::string id, std::uint64_t from, std::string reader) {
    wire::ToAgent message;
    message.set_request(next_request_++);
    wire::Attach& attach = *message.mutable_attach();
    attach.set_id(std::move(id));
    attach.set_from(from);
    attach.set_window(kAttachWindowBytes);
    attach.set_reader(std::move(reader));
    Asked asked;
    asked.state = std::make_shared<State>();
    asked.state->sent = from;
    asked.state->acknowledged = from;
    attachments_[message.request()] = asked.state;
    asked.pending = ask(std::move(message));
    return asked;
  }

  // The agent may have attached, or do so yet: it is told that nobody reads.
  void give_up(const Asked& asked) {
    const std::uint64_t number = asked.pending->request;
    pending_.erase(number);
    if (attachments_.erase(number) > 0) send_detach(number);
  }

  static asio::awaitable<base::Result<Attached>> attached(std::shared_ptr<Link> self, Asked asked) {
    auto answer = co_await answer_to(self, asked.pending, self->times_.attach_max);
    if (!answer) {
      self->give_up(asked);
      co_return answer.error();
    }
    Attached attached;
    attached.info = std::move(*answer->mutable_info());
    attached.attachment = std::make_unique<LinkAttachment>(self, asked.pending->request, asked.state);
    co_return attached;
  }

  static asio::awaitable<base::Result<Attached>> attach_here(std::shared_ptr<Link> self, std::string id,
                                                             std::uint64_t from, std::string reader) {
    Asked asked = self->ask_attach(std::move(id), from, std::move(reader));
    co_return co_await attached(std::move(self), std::move(asked));
  }

  static asio::awaitable<base::Result<Attached>> start_here(std::shared_ptr<Link> self, wire::ToAgent message,
                                                            std::string reader, std::chrono::milliseconds deadline) {
    const std::string id = message.start().id();
    const auto start = self->ask(std::move(message));
    Asked asked = self->ask_attach(id, 0, std::move(reader));
    auto started = co_await answer_to(self, start, deadline);
    if (!started) {
      self->give_up(asked);
      co_return started.error();
    }
    auto both = co_await attached(std::move(self), std::move(asked));
    if (both) both->info = std::move(*started->mutable_info());
    co_return both;
  }

  void send(const wire::ToAgent& message) {
    if (!alive_) return;
    wire::append_frame(outbox_, message);
    more_to_send_.cancel();
  }

  void send_detach(std::uint64_t number) {
    wire::ToAgent message;
    message.set_request(next_request_++);
    message.mutable_detach()->set_attachment(number);
    send(message);
  }

  void send_acknowledge(std::uint64_t number, State& state) {
    const std::uint64_t offset = state.acknowledged;
    if (offset <= state.sent) return;
    state.sent = offset;
    wire::ToAgent message;
    message.set_request(next_request_++);
    message.mutable_acknowledge()->set_attachment(number);
    message.mutable_acknowledge()->set_offset(offset);
    send(message);
  }

  static asio::awaitable<void> write_all(std::shared_ptr<Link> self) {
    std::string sending;
    while (self->alive_) {
      if (self->outbox_.empty()) {
        boost::system::error_code woken;
        self->more_to_send_.expires_at(asio::steady_timer::time_point::max());
        co_await self->more_to_send_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        continue;
      }
      sending.clear();
      sending.swap(self->outbox_);
      const asio::const_buffer buffer(sending.data(), sending.size());
      const auto written = co_await self->stream_->write({&buffer, 1});
      if (!written) self->end();
      if (sending.capacity() > kAttachWindowBytes) sending = {};
    }
  }

  static asio::awaitable<void> read_all(std::shared_ptr<Link> self) {
    wire::FrameReader frames;
    while (self->alive_) {
      const auto room = frames.room();
      const auto got = co_await self->stream_->read_some(asio::mutable_buffer(room.data(), room.size()));
      if (!got) break;
      frames.commit(*got);
      self->heard_ = Clock::now();
      if (!self->take_frames(frames)) break;
    }
    self->end();
  }

  bool take_frames(wire::FrameReader& frames) {
    while (true) {
      const auto frame = frames.next();
      if (!frame) return false;
      if (!*frame) return true;
      wire::FromAgent message;
      if (!message.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size()))) return false;
      take(std::move(message));
    }
  }

  void take(wire::FromAgent message) {
    const std::uint64_t request = message.request();
    if (message.has_output() || message.has_gap() || message.has_ended()) return give(request, std::move(message));
    const auto pending = pending_.find(request);
    if (pending == pending_.end()) return;
    pending->second->answer = std::move(message);
    pending->second->timer.cancel();
  }

  void give(std::uint64_t number, wire::FromAgent message) {
    const auto found = attachments_.find(number);
    if (found == attachments_.end()) return;
    const auto state = found->second;
    AttachmentEvent event;
    if (message.has_output()) {
      event.offset = message.output().offset();
      event.stream = message.output().stream();
      event.data = std::move(*message.mutable_output()->mutable_data());
    } else if (message.has_gap()) {
      event.kind = AttachmentEvent::Kind::gap;
      event.offset = message.gap().offset();
      event.missing_bytes = message.gap().bytes();
    } else {
      event.kind = AttachmentEvent::Kind::ended;
      event.offset = message.ended().output_end();
      event.info = std::make_shared<wire::ExecutionInfo>(std::move(*message.mutable_ended()));
      state->is_over = true;
    }
    state->queue.push(std::move(event));
  }

  // Whether an answer or an execution is waited for.
  bool is_awaiting() const {
    return !pending_.empty() || std::any_of(attachments_.begin(), attachments_.end(),
                                            [](const auto& entry) { return !entry.second->is_over; });
  }

  // A silent agent is asked whether it is there; a link that nobody needs must not keep its sandbox from idling.
  static asio::awaitable<void> look_after(std::shared_ptr<Link> self) {
    const LinkTimes times = self->times_;
    auto needed = Clock::now();
    while (self->alive_) {
      self->look_.expires_after(times.look_every);
      boost::system::error_code woken;
      co_await self->look_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      const auto now = Clock::now();
      if (!self->is_awaiting()) {
        self->heard_ = now;  // nothing is expected, so this is no silence
        if (now - needed >= times.idle_max) self->end();
        continue;
      }
      needed = now;
      const auto silence = now - self->heard_;
      if (silence >= times.silence_max) {
        self->end();
      } else if (silence >= times.look_every) {
        self->ping();
      }
    }
  }

  void ping() {
    wire::ToAgent message;
    message.set_request(next_request_++);
    message.mutable_ping();
    send(message);
  }

  void end() {
    if (!alive_.exchange(false)) return;
    stream_->close();
    more_to_send_.cancel();
    look_.cancel();
    for (const auto& [request, pending] : pending_) {
      pending->answer = base::Result<wire::FromAgent>(lost());
      pending->timer.cancel();
    }
    for (const auto& [number, state] : attachments_) state->queue.fail(lost());
    attachments_.clear();
  }

  asio::any_io_executor executor_;
  std::unique_ptr<ByteStream> stream_;
  const LinkTimes times_;
  std::atomic<bool> alive_{true};
  std::string outbox_;
  asio::steady_timer more_to_send_;
  asio::steady_timer look_;
  Clock::time_point heard_ = Clock::now();
  std::uint64_t next_request_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
  std::map<std::uint64_t, std::shared_ptr<State>> attachments_;
};

LinkAttachment::~LinkAttachment() {
  link_->detach(number_, state_);
}

void LinkAttachment::acknowledge(std::uint64_t offset) {
  std::uint64_t known = state_->acknowledged;
  while (known < offset && !state_->acknowledged.compare_exchange_weak(known, offset)) {
  }
  if (!state_->scheduled.exchange(true)) link_->schedule_acknowledge(number_, state_);
}

asio::awaitable<base::Result<std::shared_ptr<AgentLink>>> greet(std::shared_ptr<Link> link) {
  wire::ToAgent hello;
  hello.mutable_hello()->set_version(kVersion);
  const auto answer = co_await link->call(std::move(hello), kHelloDeadline);
  if (!answer) {
    link->close();
    co_return answer.error();
  }
  if (!answer->has_hello() || answer->hello().version() < 1) {
    link->close();
    co_return base::fail(Errc::refused, "What answered in the sandbox is not its agent.");
  }
  co_return std::static_pointer_cast<AgentLink>(link);
}

}  // namespace

asio::awaitable<base::Result<std::shared_ptr<AgentLink>>> AgentLink::open(asio::any_io_executor executor,
                                                                          std::unique_ptr<ByteStream> stream,
                                                                          LinkTimes times) {
  auto link = std::make_shared<Link>(std::move(executor), std::move(stream), times);
  link->begin();
  return greet(std::move(link));
}

}  // namespace sandbox

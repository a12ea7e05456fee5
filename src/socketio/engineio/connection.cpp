#include "socketio/engineio/connection.h"

#include <exception>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "socketio/limits.h"

namespace socketio::engineio {

namespace asio = boost::asio;

Connection::Connection(asio::any_io_executor executor, std::string sid, std::shared_ptr<const Options> options,
                       Transport transport)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      session_(std::move(sid), *options_, transport, Session::Clock::now()),
      timer_(executor_) {}

void Connection::start(Handlers handlers) {
  handlers_ = std::move(handlers);
  arm_timer();
}

bool Connection::runs_here() const {
  using IoExecutor = asio::io_context::executor_type;
  if (const auto* io = executor_.target<IoExecutor>()) return io->running_in_this_thread();
  if (const auto* strand = executor_.target<asio::strand<IoExecutor>>()) return strand->running_in_this_thread();
  return false;
}

asio::awaitable<std::optional<std::string>> Connection::poll() {
  const auto self = shared_from_this();
  if (!session_.begin_poll()) {
    pump();
    co_return std::nullopt;
  }
  pump();
  while (!session_.poll_ready()) {
    const auto waiter = poll_waiter_ = std::make_shared<Waiter>(executor_);
    co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (waiter->woken) continue;
    session_.poll_gone();
    pump();
    co_return std::nullopt;
  }
  std::string body = session_.end_poll();
  written_total_ = session_.taken_total();
  update_queued();
  wake_queue_waiters();
  pump();
  co_return body;
}

bool Connection::post(std::string_view payload) {
  if (session_.closed() || session_.transport() != Transport::polling) return false;
  batching_ = true;
  std::optional<std::string_view> rest = payload;
  while (const auto record = next_record(rest))
    if (const auto packet = session_.receive(Transport::polling, *record)) deliver(*packet);
  batching_ = false;
  pump();
  return !session_.dropped();
}

void Connection::deliver(const Packet& packet) {
  if (!open_ || !handlers_.message) return;
  try {
    handlers_.message(packet);
  } catch (const std::exception&) {
    close("transport error", Closing::tell, CloseCode::internal_error, "an event's handler failed");
  }
}

base::Result<void> Connection::send(std::initializer_list<std::string_view> message) {
  if (!open_) return base::fail(Errc::closed, "The client has gone.");
  std::size_t bytes = 0;
  for (const std::string_view piece : message) bytes += piece.size();
  if (queued_bytes() + bytes > options_->queue_bytes_max) {
    close("transport error", Closing::drop, CloseCode::policy_violation, "the client reads too slowly");
    return base::fail(Errc::queue_full, "The client reads too slowly: its queue is full, so it was disconnected.");
  }
  if (runs_here()) {
    session_.send(PacketType::message, message);
    update_queued();
    pump();
    return {};
  }
  std::string text;
  text.reserve(bytes);
  for (const std::string_view piece : message) text += piece;
  posted_bytes_ += bytes;
  asio::post(executor_, [self = shared_from_this(), text = std::move(text)] {
    self->session_.send(PacketType::message, {text});
    self->update_queued();
    self->posted_bytes_ -= text.size();
    self->pump();
  });
  return {};
}

template <class Done>
asio::awaitable<base::Result<void>> Connection::wait_until(std::shared_ptr<Connection> self, Done done) {
  // What is done counts also where the client has gone since.
  while (!done()) {
    if (!self->open_) co_return base::fail(Errc::closed, "The client has gone.");
    const auto waiter = std::make_shared<Waiter>(self->executor_);
    self->queue_waiters_.push_back(waiter);
    co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!waiter->woken) std::erase(self->queue_waiters_, waiter);
  }
  co_return base::Result<void>{};
}

asio::awaitable<base::Result<void>> Connection::room() {
  if (open_ && queued_bytes() < options_->queue_bytes_high) co_return base::Result<void>{};
  const auto done = [this] { return open_ && queued_bytes_ < options_->queue_bytes_high; };
  if (runs_here()) co_return co_await wait_until(shared_from_this(), done);
  co_return co_await asio::co_spawn(executor_, wait_until(shared_from_this(), done), asio::use_awaitable);
}

asio::awaitable<base::Result<void>> Connection::flushed() {
  const auto done = [this, goal = std::optional<std::uint64_t>()]() mutable {
    if (!goal) goal = session_.queued_total();
    return written_total_ >= *goal;
  };
  if (runs_here()) co_return co_await wait_until(shared_from_this(), done);
  co_return co_await asio::co_spawn(executor_, wait_until(shared_from_this(), done), asio::use_awaitable);
}

void Connection::close(std::string_view reason, Closing closing, CloseCode code, std::string_view text) {
  if (!open_.exchange(false)) return;
  asio::post(executor_, [self = shared_from_this(), reason, closing, code, text] {
    self->session_.close(reason, closing, code, text);
    self->pump();
  });
}

void Connection::set_in_use(bool in_use) {
  session_.set_in_use(in_use, Session::Clock::now());
  arm_timer();
}

void Connection::update_queued() {
  queued_bytes_ = session_.queued_bytes();
}

// Does whatever the session's state now asks for.
void Connection::pump() {
  if (batching_ || ended_) return;
  if (session_.poll_ready()) wake(poll_waiter_);
  if (websocket_ && !session_.serves_websocket()) drop_websocket();
  if (session_.closed()) wind_up();
  if (ended_) return;
  if (websocket_) write(websocket_);
  arm_timer();
}

// The session is closed: tells the layer above at once, and ends when the last packets are sent.
void Connection::wind_up() {
  open_ = false;
  if (!close_reported_) {
    close_reported_ = true;
    end_by_ = Session::Clock::now() + kCloseTimeout;
    wake_queue_waiters();
    const Handlers handlers = std::exchange(handlers_, {nullptr, nullptr, std::move(handlers_.ended)});
    try {
      if (handlers.closed) handlers.closed(session_.reason());
    } catch (const std::exception&) {  // the connection is closed already
    }
  }
  const bool polling = session_.transport() == Transport::polling;
  if (session_.dropped() || (polling && session_.queued_bytes() == 0 && !session_.poll_ready()) ||
      (!polling && !websocket_))
    end();
}

void Connection::end() {
  if (std::exchange(ended_, true)) return;
  timer_.cancel();
  drop_websocket();
  wake(poll_waiter_);
  if (const auto ended = std::exchange(handlers_.ended, nullptr)) ended();
}

void Connection::arm_timer() {
  const auto deadline = session_.closed() ? end_by_ : session_.deadline();
  if (ended_ || deadline >= timer_at_) return;  // a timer that goes off early is set again
  timer_at_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->on_timer();
  });
}

void Connection::on_timer() {
  timer_at_ = Session::Clock::time_point::max();
  const auto now = Session::Clock::now();
  if (now >= end_by_) return end();
  session_.tick(now);
  session_.release_idle_memory();
  if (websocket_ && !websocket_->write_pending) std::string().swap(websocket_->writing);
  pump();
}

void Connection::wake(WaiterPtr& waiter) {
  if (!waiter) return;
  waiter->woken = true;
  waiter->timer.cancel();
  waiter.reset();
}

void Connection::wake_queue_waiters() {
  for (auto& waiter : std::exchange(queue_waiters_, {})) wake(waiter);
}

}  // namespace socketio::engineio

#include "gateway/events/output_pump.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace gateway::events {
namespace asio = boost::asio;
using execution::Event;

OutputPump::OutputPump(std::shared_ptr<socketio::Socket> socket, std::unique_ptr<execution::Watch> watch, Position from)
    : socket_(std::move(socket)), watch_(std::move(watch)), decoder_(from), acknowledged_(from.least()) {}

asio::awaitable<std::shared_ptr<const execution::Info>> OutputPump::run(std::shared_ptr<Sink> sink) {
  const auto self = shared_from_this();
  while (wanted()) {
    Event event = co_await watch_->next();
    if (!wanted()) break;
    switch (event.kind) {
      case Event::Kind::output:
        give(*sink, decoder_.take(event.stream, event.offset, std::move(event.data)));
        break;
      case Event::Kind::gap:
        flush_both(*sink);
        decoder_.skip_gap(event.offset, event.missing_bytes);
        sink->gap(event.offset, event.missing_bytes, decoder_.next());
        break;
      case Event::Kind::ended:
        flush_both(*sink);
        co_return event.info;
    }
    handed_on();
    if (!co_await socket_->room()) break;
  }
  co_return nullptr;
}

void OutputPump::give(Sink& sink, std::optional<Text> text) {
  if (text) sink.text(*text, decoder_.next());
}

void OutputPump::flush_both(Sink& sink) {
  give(sink, decoder_.flush(execution::Stream::output));
  give(sink, decoder_.flush(execution::Stream::error));
}

void OutputPump::client_acknowledged(std::uint64_t offset) {
  client_acknowledges_ = true;
  const std::uint64_t given = std::min(offset, decoder_.next().least());
  if (given <= acknowledged_) return;
  acknowledged_ = given;
  watch_->acknowledge(given);
}

void OutputPump::handed_on() {
  if (client_acknowledges_ || acknowledging_) return;
  acknowledging_ = true;
  asio::co_spawn(socket_->executor(), acknowledge_flushed(), asio::detached);
}

asio::awaitable<void> OutputPump::acknowledge_flushed() {
  const auto self = shared_from_this();
  while (!client_acknowledges_ && acknowledged_ < decoder_.next().least()) {
    const std::uint64_t given = decoder_.next().least();
    if (!co_await socket_->flushed()) break;
    if (client_acknowledges_) break;
    acknowledged_ = given;
    watch_->acknowledge(given);
  }
  acknowledging_ = false;
}

asio::awaitable<void> OutputPump::acknowledge_end(std::uint64_t output_end) {
  const auto self = shared_from_this();
  if (co_await socket_->flushed()) watch_->acknowledge(output_end + 1);
}

}  // namespace gateway::events

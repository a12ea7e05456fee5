#pragma once

// OutputPump: carries one execution's output to a socket, as text, until its end.

#include <cstdint>
#include <memory>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "execution/execution_service.h"
#include "gateway/events/output_decoder.h"
#include "socketio/server.h"

namespace gateway::events {

// Used on the socket's executor. What was written to the transport is acknowledged to the agent, so that a slow
// connection holds its program back; once a client acknowledges by itself, only that counts.
class OutputPump : public std::enable_shared_from_this<OutputPump> {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void text(const Text& text, const Position& next) = 0;
    virtual void gap(std::uint64_t offset, std::uint64_t bytes, const Position& next) = 0;
  };

  OutputPump(std::shared_ptr<socketio::Socket> socket, std::unique_ptr<execution::Watch> watch, Position from);

  // Gives the end, or nothing where the pump was stopped or the client has gone.
  boost::asio::awaitable<std::shared_ptr<const execution::Info>> run(std::shared_ptr<Sink> sink);

  // Hands on nothing more.
  void stop() {
    stopped_ = true;
    watch_->cancel();
  }
  void client_acknowledged(std::uint64_t offset);
  // The end was handed on: tells the agent, so that nobody is given it again.
  boost::asio::awaitable<void> acknowledge_end(std::uint64_t output_end);

 private:
  bool wanted() const { return !stopped_ && socket_->connected(); }
  void give(Sink& sink, std::optional<Text> text);
  void flush_both(Sink& sink);
  void handed_on();
  boost::asio::awaitable<void> acknowledge_flushed();

  std::shared_ptr<socketio::Socket> socket_;
  std::unique_ptr<execution::Watch> watch_;
  OutputDecoder decoder_;
  bool stopped_ = false;
  bool client_acknowledges_ = false;
  bool acknowledging_ = false;
  std::uint64_t acknowledged_;
};

}  // namespace gateway::events

#pragma once

// Socket, over one connection.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "socketio/engineio/connection.h"
#include "socketio/server.h"

namespace socketio {

class ClientSocket : public Socket, public std::enable_shared_from_this<ClientSocket> {
 public:
  using AnyHandler = std::function<void(std::string event, boost::json::array, Acknowledge)>;

  ClientSocket(std::shared_ptr<engineio::Connection> connection, std::string id, Handshake handshake)
      : connection_(std::move(connection)), id_(std::move(id)), handshake_(std::move(handshake)) {}

  const std::string& id() const override { return id_; }
  const Handshake& handshake() const override { return handshake_; }
  boost::asio::any_io_executor executor() const override { return connection_->executor(); }

  void on(std::string event, EventHandler handler) override;
  void on_any(AnyHandler handler) override { on_any_ = std::move(handler); }
  void on_disconnect(std::function<void(std::string_view)> handler) override { on_disconnect_ = std::move(handler); }

  base::Result<void> emit(std::string_view event, const boost::json::array& arguments) override;
  base::Result<void> emit_json(std::string_view event, std::string_view json_arguments) override;
  boost::asio::awaitable<base::Result<void>> room() override { return connection_->room(); }
  boost::asio::awaitable<base::Result<void>> flushed() override { return connection_->flushed(); }
  std::size_t queued_bytes() const override { return connection_->queued_bytes(); }

  bool connected() const override { return connected_ && connection_->open(); }
  void disconnect() override;

  // What the connection does with it, on its executor.
  void dispatch(boost::json::array event, Acknowledge acknowledge);
  void acknowledge(std::uint64_t id, const boost::json::array& arguments);
  void gone(std::string_view reason);

 private:
  std::shared_ptr<engineio::Connection> connection_;
  std::string id_;
  Handshake handshake_;
  std::vector<std::pair<std::string, EventHandler>> handlers_;
  AnyHandler on_any_;
  std::function<void(std::string_view)> on_disconnect_;
  std::atomic<bool> connected_ = true;
};

}  // namespace socketio

#pragma once

// FakeSocket: a client that a test plays, without a connection.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>

#include "socketio/server.h"

namespace socketio {

class FakeSocket final : public Socket {
 public:
  struct Sent {
    std::string event;
    boost::json::array arguments;
  };

  explicit FakeSocket(boost::asio::any_io_executor executor, Handshake handshake = {})
      : executor_(std::move(executor)), handshake_(std::move(handshake)) {}

  std::vector<Sent> sent;

  // The client sends an event.
  void receive(
      const std::string& event, boost::json::array arguments, Acknowledge acknowledge = [](auto) {}) {
    if (const auto handler = handlers_.find(event); handler != handlers_.end()) {
      handler->second(std::move(arguments), std::move(acknowledge));
    }
  }
  void leave() {
    connected_ = false;
    handlers_.clear();
    if (const auto handler = std::exchange(on_disconnect_, nullptr)) handler("transport close");
  }

  const std::string& id() const override { return id_; }
  const Handshake& handshake() const override { return handshake_; }
  boost::asio::any_io_executor executor() const override { return executor_; }
  void on(std::string event, EventHandler handler) override { handlers_[std::move(event)] = std::move(handler); }
  void on_any(std::function<void(std::string, boost::json::array, Acknowledge)>) override {}
  void on_disconnect(std::function<void(std::string_view)> handler) override { on_disconnect_ = std::move(handler); }
  base::Result<void> emit(std::string_view event, const boost::json::array& arguments) override {
    if (!connected_) return base::fail(Errc::closed);
    sent.push_back({std::string(event), arguments});
    return {};
  }
  base::Result<void> emit_json(std::string_view event, std::string_view json_arguments) override {
    return emit(event, boost::json::parse("[" + std::string(json_arguments) + "]").as_array());
  }
  boost::asio::awaitable<base::Result<void>> room() override { return flushed(); }
  boost::asio::awaitable<base::Result<void>> flushed() override {
    if (!connected_) co_return base::fail(Errc::closed);
    co_return base::Result<void>{};
  }
  std::size_t queued_bytes() const override { return 0; }
  bool connected() const override { return connected_; }
  void disconnect() override { leave(); }

 private:
  boost::asio::any_io_executor executor_;
  Handshake handshake_;
  std::string id_ = "fake";
  std::map<std::string, EventHandler> handlers_;
  std::function<void(std::string_view)> on_disconnect_;
  bool connected_ = true;
};

}  // namespace socketio

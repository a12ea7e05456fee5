#pragma once

// ConnectionGroup: the connections of one listener, from their first byte until they end or a WebSocket takes them.

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "gateway/http/listener.h"

namespace gateway::http {

class Connection;

class ConnectionGroup : public std::enable_shared_from_this<ConnectionGroup> {
 public:
  ConnectionGroup(const ListenerOptions& options, ListenerParts parts) : options_(options), parts_(std::move(parts)) {}

  // Serves the connection on `executor`, its socket's; at connections_max says so and closes it.
  void begin(boost::asio::ip::tcp::socket socket, const boost::asio::any_io_executor& executor);
  void stop();

  std::size_t size() const { return size_; }
  const ListenerOptions& options() const { return options_; }
  const ListenerParts& parts() const { return parts_; }
  void log(base::LogLevel level, std::string_view line) const {
    if (parts_.log) parts_.log(level, line);
  }

 private:
  static boost::asio::awaitable<void> serve(std::shared_ptr<ConnectionGroup> group,
                                            std::shared_ptr<Connection> connection);

  const ListenerOptions options_;
  const ListenerParts parts_;
  std::atomic<std::size_t> size_{0};
  std::mutex mutex_;  // guards what follows; taken when a connection begins and ends, not in between
  bool stopping_ = false;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> connections_;
};

}  // namespace gateway::http

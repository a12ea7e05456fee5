#pragma once

// The connections by session id. Thread-safe; not on the path of messages over WebSocket.

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "socketio/engineio/connection.h"

namespace socketio {

class Registry {
 public:
  using ConnectionPtr = std::shared_ptr<engineio::Connection>;

  explicit Registry(std::size_t connections_max) : connections_max_(connections_max) {}

  // False where there are connections_max already.
  bool add(const ConnectionPtr& connection);
  void remove(const std::string& sid);
  ConnectionPtr find(const std::string& sid) const;
  std::vector<ConnectionPtr> all() const;
  std::size_t size() const { return size_; }

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, ConnectionPtr> connections;
  };

  Shard& shard(const std::string& sid) { return shards_[std::hash<std::string>()(sid) % shards_.size()]; }
  const Shard& shard(const std::string& sid) const { return const_cast<Registry*>(this)->shard(sid); }

  std::size_t connections_max_;
  std::atomic<std::size_t> size_ = 0;
  std::array<Shard, 16> shards_;
};

}  // namespace socketio

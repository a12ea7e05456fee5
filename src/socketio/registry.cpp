#include "socketio/registry.h"

namespace socketio {

bool Registry::add(const ConnectionPtr& connection) {
  if (size_.fetch_add(1) >= connections_max_) {
    --size_;
    return false;
  }
  Shard& home = shard(connection->sid());
  const std::lock_guard lock(home.mutex);
  home.connections.emplace(connection->sid(), connection);
  return true;
}

void Registry::remove(const std::string& sid) {
  Shard& home = shard(sid);
  const std::lock_guard lock(home.mutex);
  size_ -= home.connections.erase(sid);
}

Registry::ConnectionPtr Registry::find(const std::string& sid) const {
  const Shard& home = shard(sid);
  const std::lock_guard lock(home.mutex);
  const auto found = home.connections.find(sid);
  return found == home.connections.end() ? nullptr : found->second;
}

std::vector<Registry::ConnectionPtr> Registry::all() const {
  std::vector<ConnectionPtr> all;
  for (const Shard& home : shards_) {
    const std::lock_guard lock(home.mutex);
    for (const auto& [sid, connection] : home.connections) all.push_back(connection);
  }
  return all;
}

}  // namespace socketio

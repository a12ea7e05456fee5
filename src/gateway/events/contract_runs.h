#pragma once

// ContractRuns: which of the contract's executions have a socket, and which lost theirs.

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace gateway::events {

// Shared by all sockets of this process; thread-safe. What it knows is a hint: after a restart it is empty, and
// must_look() says so once for each sandbox.
class ContractRuns {
 public:
  // False where a socket has it already.
  bool take(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return with_socket_.insert(id).second;
  }
  void release(const std::string& id) {
    const std::lock_guard lock(mutex_);
    with_socket_.erase(id);
  }
  bool has_socket(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return with_socket_.contains(id);
  }

  // The run goes on without a socket.
  void orphan(const std::string& sandbox, const std::string& id) {
    const std::lock_guard lock(mutex_);
    with_socket_.erase(id);
    orphans_[sandbox].insert(id);
  }
  // A look into the sandbox is due: a run there may have lost its socket since the last one.
  bool must_look(const std::string& sandbox) {
    const std::lock_guard lock(mutex_);
    const bool known = orphans_.contains(sandbox);
    return !known || !orphans_[sandbox].empty();
  }
  void looked(const std::string& sandbox) {
    const std::lock_guard lock(mutex_);
    orphans_[sandbox].clear();
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> with_socket_;
  std::map<std::string, std::set<std::string>> orphans_;  // a sandbox's entry exists once it was looked at
};

}  // namespace gateway::events

#pragma once

// PasswordHasher: argon2id on threads of its own, since one takes some 50 ms and 64 MiB.

#include <atomic>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/result.h"

namespace accounts {

class PasswordHasher {
 public:
  PasswordHasher();

  // Errc::unavailable where kHashesWaitingMax wait already.
  boost::asio::awaitable<base::Result<std::string>> hash(std::string password);
  // False where it does not match. An empty hash takes the time of a real one and never matches.
  boost::asio::awaitable<base::Result<bool>> verify(std::string hash, std::string password);

 private:
  const std::string dummy_hash_;
  std::shared_ptr<std::atomic<int>> waiting_ = std::make_shared<std::atomic<int>>(0);
  boost::asio::thread_pool threads_;
};

}  // namespace accounts

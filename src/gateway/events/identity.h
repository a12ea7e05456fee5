#pragma once

// Identity: which account a socket acts for.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "accounts/account_service.h"
#include "socketio/server.h"

namespace gateway::events {

// Used on its socket's executor. The handshake's cookie is looked up at once; whoever asks meanwhile waits.
class Identity {
 public:
  Identity(std::shared_ptr<accounts::AccountService> accounts, const socketio::Handshake& handshake,
           const boost::asio::any_io_executor& executor);

  boost::asio::awaitable<void> resolve();

  // The login's account. Without a login, in open mode, the account of `container_id` where that one has no password. A
  // login never reaches the sandbox of another account. The error's detail is a sentence for the person.
  boost::asio::awaitable<base::Result<accounts::Account>> account_for(std::optional<std::string> container_id);

  // Nothing without a login.
  boost::asio::awaitable<std::optional<accounts::Account>> login_account();

  // Names the login in an execution's labels without telling the cookie; empty without one.
  const std::string& login_name() const { return login_name_; }
  bool has_cookie() const { return !token_.empty(); }

 private:
  using Clock = std::chrono::steady_clock;

  boost::asio::awaitable<void> resolved();
  boost::asio::awaitable<base::Result<void>> look_again();

  std::shared_ptr<accounts::AccountService> accounts_;
  std::string token_;
  std::string login_name_;
  std::optional<accounts::Account> account_;
  std::optional<accounts::Account> open_account_;
  Clock::time_point known_until_;  // then the store is asked again
  bool is_resolved_ = false;
  boost::asio::steady_timer waiting_;
};

}  // namespace gateway::events

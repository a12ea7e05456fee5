#include "gateway/events/identity.h"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/events/limits.h"
#include "gateway/http/cookie.h"

namespace gateway::events {
namespace asio = boost::asio;
namespace {

std::string cookie_token(const socketio::Handshake& handshake) {
  const auto cookie = handshake.headers.find("cookie");
  if (cookie == handshake.headers.end()) return {};
  return http::login_token(cookie->second).value_or("");
}

}  // namespace

Identity::Identity(std::shared_ptr<accounts::AccountService> accounts, const socketio::Handshake& handshake,
                   const asio::any_io_executor& executor)
    : accounts_(std::move(accounts)),
      token_(cookie_token(handshake)),
      waiting_(executor, asio::steady_timer::time_point::max()) {}

asio::awaitable<void> Identity::resolve() {
  if (!token_.empty()) {
    auto account = co_await accounts_->account_of(token_);
    if (account) {
      account_ = std::move(*account);
      known_until_ = Clock::now() + kIdentityKept;
      login_name_ = accounts::login_label(token_);
    }
  }
  is_resolved_ = true;
  waiting_.cancel();
}

asio::awaitable<void> Identity::resolved() {
  boost::system::error_code cancelled;
  if (!is_resolved_) co_await waiting_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

// A login may end while its socket lives: by a logout elsewhere, or by time.
asio::awaitable<base::Result<void>> Identity::look_again() {
  auto account = co_await accounts_->account_of(token_);
  if (!account && account.error().code != accounts::Errc::not_found) co_return account.error();
  if (!account) co_return base::fail(accounts::Errc::not_found, "Your login has ended: log in again.");
  account_ = std::move(*account);
  known_until_ = Clock::now() + kIdentityKept;
  co_return base::Result<void>{};
}

asio::awaitable<base::Result<accounts::Account>> Identity::account_for(std::optional<std::string> container_id) {
  co_await resolved();
  if (account_) {
    if (Clock::now() >= known_until_) {
      const auto still = co_await look_again();
      if (!still) co_return still.error();
    }
    if (container_id && *container_id != account_->container_id) {
      co_return base::fail(accounts::Errc::not_found, "The sandbox \"" + *container_id +
                                                          "\" is not yours. You are logged in as the owner of \"" +
                                                          account_->container_id + "\".");
    }
    co_return *account_;
  }
  if (container_id && accounts_->open_mode() == accounts::OpenMode::on) {
    if (open_account_ && open_account_->container_id == *container_id && Clock::now() < known_until_) {
      co_return *open_account_;
    }
    auto account = co_await accounts_->open_account(std::move(*container_id));
    if (account) {
      open_account_ = *account;
      known_until_ = Clock::now() + kIdentityKept;
    }
    co_return account;
  }
  co_return base::fail(accounts::Errc::not_found, "Log in first: this server runs code only for an account.");
}

asio::awaitable<std::optional<accounts::Account>> Identity::login_account() {
  co_await resolved();
  co_return account_;
}

}  // namespace gateway::events

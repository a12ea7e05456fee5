#pragma once

// AccountStore in memory. Passes the same contract suite as the stores that last.

#include <algorithm>
#include <mutex>
#include <vector>

#include "accounts/account_store.h"
#include "accounts/limits.h"

namespace accounts {

class FakeAccountStore final : public AccountStore {
 public:
  boost::asio::awaitable<base::Result<Account>> create(Account account) override {
    const std::lock_guard lock(mutex_);
    if (find(&Account::email, account.email)) co_return base::fail(Errc::email_taken);
    if (find(&Account::container_id, account.container_id)) co_return base::fail(Errc::container_id_taken);
    accounts_.push_back(account);
    co_return account;
  }

  boost::asio::awaitable<base::Result<Account>> find_by_email(std::string email) override {
    co_return found(&Account::email, email);
  }
  boost::asio::awaitable<base::Result<Account>> find_by_container_id(std::string container_id) override {
    co_return found(&Account::container_id, container_id);
  }
  boost::asio::awaitable<base::Result<Account>> find_by_id(std::string id) override {
    co_return found(&Account::id, id);
  }

  boost::asio::awaitable<base::Result<void>> add_login(Login login) override {
    const std::lock_guard lock(mutex_);
    if (!find(&Account::id, login.account_id)) co_return base::fail(Errc::not_found);
    logins_.push_back(login);
    const auto same = [&](const Login& other) { return other.account_id == login.account_id; };
    if (std::count_if(logins_.begin(), logins_.end(), same) > std::ptrdiff_t{kLoginsPerAccountMax}) {
      logins_.erase(std::min_element(logins_.begin(), logins_.end(), [&](const Login& a, const Login& b) {
        return same(a) > same(b) || (same(a) == same(b) && a.expires < b.expires);
      }));
    }
    co_return base::Result<void>();
  }

  boost::asio::awaitable<base::Result<Account>> find_by_login(std::string token_hash) override {
    const std::lock_guard lock(mutex_);
    for (const Login& login : logins_) {
      if (login.token_hash != token_hash || login.expires <= std::chrono::system_clock::now()) continue;
      co_return *find(&Account::id, login.account_id);
    }
    co_return base::fail(Errc::not_found);
  }

  boost::asio::awaitable<base::Result<void>> remove_login(std::string token_hash) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(logins_, [&](const Login& login) { return login.token_hash == token_hash; });
    co_return base::Result<void>();
  }

 private:
  const Account* find(std::string Account::*field, const std::string& value) const {
    for (const Account& account : accounts_) {
      if (account.*field == value) return &account;
    }
    return nullptr;
  }
  base::Result<Account> found(std::string Account::*field, const std::string& value) const {
    const std::lock_guard lock(mutex_);
    const Account* account = find(field, value);
    if (account == nullptr) return base::fail(Errc::not_found);
    return *account;
  }

  mutable std::mutex mutex_;
  std::vector<Account> accounts_;
  std::vector<Login> logins_;
};

}  // namespace accounts

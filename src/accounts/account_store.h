#pragma once

// AccountStore: the people, and their logins. SQLite or MongoDB behind it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"

namespace accounts {

enum class Errc {
  not_found = 1,
  email_taken,
  container_id_taken,
  invalid,      // the detail names the field and the rule
  unavailable,  // the database cannot be reached
};
boost::system::error_code make_error_code(Errc);

struct Account {
  std::string id;             // ours, never shown
  std::string username;       // as given
  std::string email;          // compared as stored
  std::string container_id;   // its sandbox; unique
  std::string password_hash;  // argon2id, empty where none is set
};

// A login as stored: the cookie's hash, never the cookie.
struct Login {
  std::string token_hash;
  std::string account_id;
  std::chrono::sys_seconds expires;
};

// Thread-safe; coroutines resume on the caller's executor. Each call is one atomic change.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // email_taken or container_id_taken where another account has it already; nothing is changed then.
  virtual boost::asio::awaitable<base::Result<Account>> create(Account account) = 0;
  virtual boost::asio::awaitable<base::Result<Account>> find_by_email(std::string email) = 0;
  virtual boost::asio::awaitable<base::Result<Account>> find_by_container_id(std::string container_id) = 0;
  virtual boost::asio::awaitable<base::Result<Account>> find_by_id(std::string id) = 0;
  // not_found where there is no such account. Beyond kLoginsPerAccountMax the one that ends first goes.
  virtual boost::asio::awaitable<base::Result<void>> add_login(Login login) = 0;
  // not_found where it is unknown or has expired.
  virtual boost::asio::awaitable<base::Result<Account>> find_by_login(std::string token_hash) = 0;
  // Well also where there is none.
  virtual boost::asio::awaitable<base::Result<void>> remove_login(std::string token_hash) = 0;
};

}  // namespace accounts

template <>
struct boost::system::is_error_code_enum<accounts::Errc> : std::true_type {};

#pragma once

// AccountService: registration and login by the contract's rules, over any AccountStore.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/account_store.h"
#include "accounts/limits.h"
#include "accounts/passwords.h"

namespace accounts {

enum class OpenMode { off, on };  // on: login by e-mail alone for accounts that have no password

enum class LoginErrc { unknown_email = 1, wrong_credentials };  // unknown_email is told in open mode only
boost::system::error_code make_error_code(LoginErrc);

struct Registration {
  Account account;
  bool created = false;  // false: the e-mail had an account, which is unchanged
};

struct LoggedIn {
  Account account;
  std::string token;  // the cookie's value; only its hash is stored
};

class AccountService {
 public:
  AccountService(std::shared_ptr<AccountStore> store, OpenMode open_mode);

  // Errc::invalid names what is wrong with a field. Where open mode is off a password is required. Passwords are hashed
  // off the caller's thread.
  boost::asio::awaitable<base::Result<Registration>> register_account(std::string username, std::string email,
                                                                      std::optional<std::string> password);
  boost::asio::awaitable<base::Result<LoggedIn>> login(std::string email, std::optional<std::string> password);
  boost::asio::awaitable<base::Result<void>> logout(std::string token);  // well also where the token is unknown

  // The account of a login cookie; not_found where there is none.
  boost::asio::awaitable<base::Result<Account>> account_of(std::string token);

  // Contract: in open mode a socket reaches an account without a password by its container_id alone. not_found where
  // there is none, wrong_credentials where it needs a login.
  boost::asio::awaitable<base::Result<Account>> open_account(std::string container_id);

  OpenMode open_mode() const { return open_mode_; }

 private:
  boost::asio::awaitable<base::Result<Registration>> create(Account account);

  std::shared_ptr<AccountStore> store_;
  OpenMode open_mode_;
  std::unique_ptr<PasswordHasher> passwords_;
};

// Names the login of a cookie where the cookie itself must not stand: 16 hexadecimal characters.
std::string login_label(std::string_view token);

// container_id for a user name, as the contract makes it: lower case, others than [a-z0-9-] become '-', outer '-' go.
// Empty where nothing is left.
std::string plain_container_id(std::string_view username);

}  // namespace accounts

template <>
struct boost::system::is_error_code_enum<accounts::LoginErrc> : std::true_type {};

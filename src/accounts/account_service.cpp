#include "accounts/account_service.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "accounts/fields.h"
#include "accounts/tokens.h"

namespace accounts {

using boost::asio::awaitable;

namespace {

class LoginCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "login"; }
  std::string message(int code) const override {
    return static_cast<LoginErrc>(code) == LoginErrc::unknown_email ? "User not found" : "wrong e-mail or password";
  }
};

base::Error wrong_credentials() {
  return base::fail(LoginErrc::wrong_credentials, "The e-mail or the password is wrong.");
}

std::string trim_right(std::string text) {
  while (text.ends_with('-')) text.pop_back();
  return text;
}

// `base` with `-suffix`, cut so that both fit.
std::string with_suffix(const std::string& base, const std::string& suffix) {
  const std::size_t room = kContainerIdBytesMax - 1 - suffix.size();
  return trim_right(base.substr(0, room)) + "-" + suffix;
}

// What is tried, in turn: alice, alice-2, …, alice-9, then alice-<random>.
std::string container_id_candidate(const std::string& username, int attempt) {
  constexpr int kNumbered = 9;
  constexpr std::size_t kDigestCharacters = 8;
  const std::string plain = plain_container_id(username);
  if (plain.empty()) return "user-" + random_name();
  const std::string first = plain.size() <= kContainerIdBytesMax
                                ? plain
                                : with_suffix(plain, digest_hex(username).substr(0, kDigestCharacters));
  if (attempt == 1) return first;
  return with_suffix(first, attempt <= kNumbered ? std::to_string(attempt) : random_name());
}

}  // namespace

boost::system::error_code make_error_code(LoginErrc code) {
  static const LoginCategory category;
  return {static_cast<int>(code), category};
}

std::string plain_container_id(std::string_view username) {
  std::string id;
  bool inside_character = false;  // one '-' for a character, however many bytes it has
  for (const unsigned char byte : username) {
    const bool continues = (byte & 0xC0) == 0x80;
    if (continues && inside_character) continue;
    inside_character = byte >= 0x80;
    const char lower = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : static_cast<char>(byte);
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '-';
    id += kept ? lower : '-';
  }
  id.erase(0, std::min(id.find_first_not_of('-'), id.size()));
  return trim_right(std::move(id));
}

AccountService::AccountService(std::shared_ptr<AccountStore> store, OpenMode open_mode)
    : store_(std::move(store)), open_mode_(open_mode), passwords_(std::make_unique<PasswordHasher>()) {}

awaitable<base::Result<Registration>> AccountService::register_account(std::string username, std::string email,
                                                                       std::optional<std::string> password) {
  if (auto error = check_username(username)) co_return *error;
  if (auto error = check_email(email)) co_return *error;
  if (password) {
    if (auto error = check_password(*password)) co_return *error;
  } else if (open_mode_ == OpenMode::off) {
    co_return base::fail(Errc::invalid, "password is missing: this server lets nobody in by e-mail alone.");
  }
  Account account{.id = new_account_id(),
                  .username = std::move(username),
                  .email = std::move(email),
                  .container_id = {},
                  .password_hash = {}};
  // Before the look-up, so that the time does not tell whether the e-mail has an account.
  if (password) {
    auto hash = co_await passwords_->hash(std::move(*password));
    if (!hash) co_return hash.error();
    account.password_hash = std::move(*hash);
  }
  auto existing = co_await store_->find_by_email(account.email);
  if (existing) co_return Registration{.account = std::move(*existing), .created = false};
  if (existing.error().code != Errc::not_found) co_return existing.error();
  co_return co_await create(std::move(account));
}

awaitable<base::Result<Registration>> AccountService::create(Account account) {
  for (int attempt = 1; attempt <= kContainerIdTriesMax; ++attempt) {
    account.container_id = container_id_candidate(account.username, attempt);
    auto created = co_await store_->create(account);
    if (created) co_return Registration{.account = std::move(*created), .created = true};
    if (created.error().code == Errc::email_taken) {  // by a registration at the same moment
      auto existing = co_await store_->find_by_email(account.email);
      if (!existing) co_return existing.error();
      co_return Registration{.account = std::move(*existing), .created = false};
    }
    if (created.error().code != Errc::container_id_taken) co_return created.error();
  }
  co_return base::fail(Errc::unavailable, "No free container name was found for this user name; try another one.");
}

awaitable<base::Result<LoggedIn>> AccountService::login(std::string email, std::optional<std::string> password) {
  auto found = co_await store_->find_by_email(std::move(email));
  if (!found && found.error().code != Errc::not_found) co_return found.error();
  if (!found && open_mode_ == OpenMode::on) {
    co_return base::fail(LoginErrc::unknown_email, "User not found");
  }
  const std::string hash = found ? found->password_hash : "";
  const bool by_email_alone = found && hash.empty() && open_mode_ == OpenMode::on;
  if (!by_email_alone) {
    // One byte more than any password has is enough to be wrong.
    std::string given = password.value_or("").substr(0, kPasswordBytesMax + 1);
    auto matches = co_await passwords_->verify(hash, std::move(given));
    if (!matches) co_return matches.error();
    if (!*matches) co_return wrong_credentials();
  }
  std::string token = new_login_token();
  Login login{.token_hash = login_token_hash(token),
              .account_id = found->id,
              .expires = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + kLoginLifetime};
  auto added = co_await store_->add_login(std::move(login));
  if (!added) co_return added.error();
  co_return LoggedIn{.account = std::move(*found), .token = std::move(token)};
}

awaitable<base::Result<void>> AccountService::logout(std::string token) {
  co_return co_await store_->remove_login(login_token_hash(token));
}

awaitable<base::Result<Account>> AccountService::account_of(std::string token) {
  co_return co_await store_->find_by_login(login_token_hash(token));
}

awaitable<base::Result<Account>> AccountService::open_account(std::string container_id) {
  if (open_mode_ == OpenMode::off) {
    co_return base::fail(LoginErrc::wrong_credentials, "This server needs a login; log in first.");
  }
  auto account = co_await store_->find_by_container_id(std::move(container_id));
  if (account && !account->password_hash.empty()) {
    co_return base::fail(LoginErrc::wrong_credentials, "This account has a password; log in first.");
  }
  co_return account;
}

}  // namespace accounts

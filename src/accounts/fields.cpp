#include "accounts/fields.h"

#include <algorithm>
#include <string>

#include "accounts/account_store.h"
#include "accounts/limits.h"

namespace accounts {
namespace {

base::Error invalid(std::string detail) {
  return base::fail(Errc::invalid, std::move(detail));
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; });
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

std::optional<base::Error> check_username(std::string_view username) {
  if (username.empty()) return invalid("username is empty.");
  if (characters(username) > kUsernameCharactersMax || username.size() > 4 * kUsernameCharactersMax) {
    return invalid("username is too long: at most " + std::to_string(kUsernameCharactersMax) + " characters.");
  }
  if (has_control_characters(username)) return invalid("username has a control character in it.");
  return std::nullopt;
}

std::optional<base::Error> check_email(std::string_view email) {
  if (email.empty()) return invalid("email is empty.");
  if (email.size() > kEmailBytesMax) {
    return invalid("email is too long: at most " + std::to_string(kEmailBytesMax) + " bytes.");
  }
  if (has_control_characters(email)) return invalid("email has a control character in it.");
  return std::nullopt;
}

std::optional<base::Error> check_password(std::string_view password) {
  if (password.size() < kPasswordBytesMin) {
    return invalid("password is too short: at least " + std::to_string(kPasswordBytesMin) + " bytes.");
  }
  if (password.size() > kPasswordBytesMax) {
    return invalid("password is too long: at most " + std::to_string(kPasswordBytesMax) + " bytes.");
  }
  return std::nullopt;
}

}  // namespace accounts

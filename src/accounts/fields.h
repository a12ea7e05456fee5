#pragma once

// What may stand in an account's fields.

#include <optional>
#include <string_view>

#include "base/result.h"

namespace accounts {

// Errc::invalid, whose detail names the field and the rule; nothing where the field is well.
std::optional<base::Error> check_username(std::string_view username);
std::optional<base::Error> check_email(std::string_view email);
std::optional<base::Error> check_password(std::string_view password);

}  // namespace accounts

#pragma once

// Random names and login tokens, from the system's random source.

#include <string>
#include <string_view>

namespace accounts {

std::string new_account_id();   // 128 bits, hex
std::string new_login_token();  // 256 bits, base64url
std::string random_name();      // 8 characters of [a-z2-7]

std::string digest_hex(std::string_view text);               // BLAKE2b, 256 bits
std::string login_token_hash(std::string_view login_token);  // what is stored of it

}  // namespace accounts

#include "accounts/tokens.h"

#include <sodium.h>

#include <array>
#include <stdexcept>

#include "accounts/account_service.h"

namespace accounts {
namespace {

template <std::size_t size>
std::array<unsigned char, size> random_bytes() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start: no source of random numbers");
  std::array<unsigned char, size> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

template <std::size_t size>
std::string hex(const std::array<unsigned char, size>& bytes) {
  std::array<char, 2 * size + 1> text;
  return sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
}

}  // namespace

std::string new_account_id() {
  return hex(random_bytes<16>());
}

std::string new_login_token() {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  const auto bytes = random_bytes<32>();
  std::array<char, sodium_base64_ENCODED_LEN(32, kVariant)> text;
  return sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
}

std::string random_name() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string name;
  for (const unsigned char byte : random_bytes<8>()) name += kLetters[byte % kLetters.size()];
  return name;
}

std::string digest_hex(std::string_view text) {
  std::array<unsigned char, crypto_generichash_BYTES> digest;
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return hex(digest);
}

std::string login_token_hash(std::string_view login_token) {
  return digest_hex(login_token);
}

// A hash of the hash: what stands in labels is no key to the table of logins.
std::string login_label(std::string_view token) {
  return digest_hex(login_token_hash(token)).substr(0, 16);
}

}  // namespace accounts

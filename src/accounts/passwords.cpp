#include "accounts/passwords.h"

#include <sodium.h>

#include <array>
#include <stdexcept>

#include "accounts/account_store.h"
#include "accounts/limits.h"
#include "base/run_on.h"

namespace accounts {
namespace {

base::Result<std::string> argon2id(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return base::fail(Errc::unavailable, "There is not enough memory to check a password now; try again.");
  }
  return std::string(text.data());
}

// A hash with the same costs as argon2id() gives, of a password that nobody knows.
std::string make_dummy_hash() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start: no source of random numbers");
  std::string password(32, '\0');
  randombytes_buf(password.data(), password.size());
  return argon2id(password).value();
}

base::Error busy() {
  return base::fail(Errc::unavailable, "Too many people log in at this moment; try again in a few seconds.");
}

// A place in the bounded queue.
class Turn {
 public:
  explicit Turn(std::shared_ptr<std::atomic<int>> waiting) : waiting_(std::move(waiting)), number_(++*waiting_) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { --*waiting_; }
  bool granted() const { return number_ <= kHashesWaitingMax; }

 private:
  std::shared_ptr<std::atomic<int>> waiting_;
  int number_;
};

}  // namespace

PasswordHasher::PasswordHasher() : dummy_hash_(make_dummy_hash()), threads_(kHashThreads) {}

boost::asio::awaitable<base::Result<std::string>> PasswordHasher::hash(std::string password) {
  Turn turn(waiting_);
  if (!turn.granted()) co_return busy();
  auto work = [password = std::move(password)] { return argon2id(password); };
  co_return co_await base::run_on(threads_, std::move(work));
}

boost::asio::awaitable<base::Result<bool>> PasswordHasher::verify(std::string hash, std::string password) {
  Turn turn(waiting_);
  if (!turn.granted()) co_return busy();
  const bool real = !hash.empty();
  if (!real) hash = dummy_hash_;
  auto work = [real, hash = std::move(hash), password = std::move(password)] {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0 ? real : false;
  };
  co_return co_await base::run_on(threads_, std::move(work));
}

}  // namespace accounts

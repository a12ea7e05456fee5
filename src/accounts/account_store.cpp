#include "accounts/account_store.h"

namespace accounts {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "accounts"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::not_found:
        return "there is no such account";
      case Errc::email_taken:
        return "the e-mail has an account already";
      case Errc::container_id_taken:
        return "the container_id is taken";
      case Errc::invalid:
        return "a field is not valid";
      case Errc::unavailable:
        return "the accounts cannot be reached; try again";
    }
    return "unknown error";
  }
};

}  // namespace

boost::system::error_code make_error_code(Errc code) {
  static const Category category;
  return {static_cast<int>(code), category};
}

}  // namespace accounts

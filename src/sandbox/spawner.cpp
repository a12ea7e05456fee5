#include "sandbox/spawner.h"

namespace sandbox {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sandbox"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::unavailable:
        return "no sandboxes can be made here";
      case Errc::start_failed:
        return "the sandbox did not start";
      case Errc::not_found:
        return "there is no such sandbox";
      case Errc::lost:
        return "the sandbox ended";
      case Errc::timeout:
        return "the sandbox did not answer in time";
      case Errc::refused:
        return "the sandbox refused";
      case Errc::too_large:
        return "too large";
      case Errc::input_full:
        return "the program does not read its input";
      case Errc::input_closed:
        return "the program takes no more input";
      case Errc::too_many:
        return "too many at once";
    }
    return "unknown error";
  }
};

}  // namespace

boost::system::error_code make_error_code(Errc code) {
  static const Category category;
  return {static_cast<int>(code), category};
}

}  // namespace sandbox

#include "execution/execution_service.h"

namespace execution {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "execution"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::sandbox_unavailable:
        return "The sandbox cannot be reached.";
      case Errc::not_found:
        return "There is no such execution.";
      case Errc::too_large:
        return "That is too large.";
      case Errc::input_full:
        return "The program does not read its input.";
      case Errc::input_closed:
        return "The program takes no more input.";
      case Errc::too_many:
        return "Too many executions run at once.";
      case Errc::invalid:
        return "The request is not valid.";
    }
    return "unknown error";
  }
};

}  // namespace

boost::system::error_code make_error_code(Errc code) {
  static const Category category;
  return {static_cast<int>(code), category};
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::starting:
      return "starting";
    case Status::running:
      return "running";
    case Status::exited:
      return "exited";
    case Status::signaled:
      return "signaled";
    case Status::stopped:
      return "stopped";
    case Status::timed_out:
      return "timed_out";
    case Status::out_of_memory:
      return "out_of_memory";
    case Status::sandbox_stopped:
      return "sandbox_stopped";
    case Status::sandbox_lost:
      return "sandbox_lost";
    case Status::start_failed:
      return "start_failed";
  }
  return "unknown";
}

}  // namespace execution

#include "gateway/http/json_body.h"

#include <boost/json/parse.hpp>

#include "gateway/http/limits.h"

namespace gateway::http {
namespace {

class BodyCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "body"; }
  std::string message(int) const override { return "the request's body is not valid"; }
};

base::Error invalid(std::string detail) {
  return base::fail(BodyErrc::invalid, std::move(detail));
}

// How many members the outermost object of a valid JSON text has: its colons, those in strings and inner values aside.
std::size_t count_members(std::string_view json) {
  std::size_t members = 0;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ':' && depth == 1) {
      ++members;
    }
  }
  return members;
}

}  // namespace

boost::system::error_code make_error_code(BodyErrc code) {
  static const BodyCategory category;
  return {static_cast<int>(code), category};
}

base::Result<JsonBody> JsonBody::parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error)
    return invalid("The body is not JSON (" + error.message() + "); send an object such as {\"email\": \"…\"}.");
  if (!value.is_object()) return invalid("The body must be a JSON object, such as {\"email\": \"…\"}.");
  if (count_members(text) != value.get_object().size()) return invalid("The body has one field twice.");
  return JsonBody(std::move(value.get_object()));
}

base::Result<std::string> JsonBody::text(std::string_view field) const {
  auto value = optional_text(field);
  if (!value) return value.error();
  if (!*value) return invalid(std::string(field) + " is missing.");
  return std::move(**value);
}

base::Result<std::optional<std::string>> JsonBody::optional_text(std::string_view field) const {
  const boost::json::value* value = object_.if_contains(field);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return invalid(std::string(field) + " must be a string.");
  return std::optional<std::string>(std::in_place, value->get_string().data(), value->get_string().size());
}

}  // namespace gateway::http

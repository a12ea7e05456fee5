#pragma once

// A request's JSON body: one object, whose fields are asked for one by one.

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"

namespace gateway::http {

enum class BodyErrc { invalid = 1 };  // the detail names what is wrong and the field
boost::system::error_code make_error_code(BodyErrc);

class JsonBody {
 public:
  static base::Result<JsonBody> parse(std::string_view text);
  JsonBody() = default;

  base::Result<std::string> text(std::string_view field) const;
  base::Result<std::optional<std::string>> optional_text(std::string_view field) const;

 private:
  explicit JsonBody(boost::json::object object) : object_(std::move(object)) {}

  boost::json::object object_;
};

}  // namespace gateway::http

template <>
struct boost::system::is_error_code_enum<gateway::http::BodyErrc> : std::true_type {};

#include "socketio/socketio/event_json.h"

#include <string>

#include <boost/json/parse.hpp>

#include "socketio/limits.h"

namespace socketio {
namespace {

// The code unit of the `\uXXXX` at the front of `text`.
std::optional<unsigned> code_unit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  unsigned unit = 0;
  for (const char c : text.substr(2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9')
      unit = unit * 16 + static_cast<unsigned>(c - '0');
    else if (lower >= 'a' && lower <= 'f')
      unit = unit * 16 + static_cast<unsigned>(lower - 'a' + 10);
    else
      return std::nullopt;
  }
  return unit;
}

bool is_leading(std::optional<unsigned> unit) {
  return unit && *unit >= 0xD800 && *unit < 0xDC00;
}
bool is_trailing(std::optional<unsigned> unit) {
  return unit && *unit >= 0xDC00 && *unit < 0xE000;
}

// boost::json 1.81 refuses lone surrogates, by various errors: writes U+FFFD in their place.
std::string replace_lone_surrogates(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t run = std::min(text.find('\\'), text.size());
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const auto unit = code_unit(text);
    std::size_t taken = unit ? 6 : std::min<std::size_t>(2, text.size());
    if (is_leading(unit) && is_trailing(code_unit(text.substr(6)))) {
      taken = 12;
      out += text.substr(0, taken);
    } else if (is_leading(unit) || is_trailing(unit)) {
      out += "\\ufffd";
    } else {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return out;
}

}  // namespace

std::optional<boost::json::value> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error) value = boost::json::parse(replace_lone_surrogates(text), error, {}, options);
  if (error) return std::nullopt;
  return value;
}

std::optional<boost::json::array> parse_event(std::string_view text) {
  auto value = parse_json(text);
  if (!value || !value->is_array() || value->get_array().empty() || !value->get_array()[0].is_string())
    return std::nullopt;
  return std::move(value->get_array());
}

}  // namespace socketio

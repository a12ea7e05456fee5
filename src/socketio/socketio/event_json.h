#pragma once

// The JSON of an event: what clients may send is read leniently where JSON.stringify and json.dumps are.

#include <optional>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace socketio {

// Escapes of lone surrogates, which JSON.stringify writes, become U+FFFD. Nothing where the text is not JSON.
std::optional<boost::json::value> parse_json(std::string_view text);

// An event's name and arguments: an array that begins with a string.
std::optional<boost::json::array> parse_event(std::string_view text);

}  // namespace socketio

#pragma once

// The parameters of an Engine.IO request's address.

#include <string>
#include <string_view>

namespace socketio {

std::string_view path_of(std::string_view target);   // in front of '?'
std::string_view query_of(std::string_view target);  // behind it

// The first parameter of that name, percent-decoded; empty where it is missing.
std::string parameter(std::string_view query, std::string_view name);

}  // namespace socketio

#pragma once

// The shapes of answers. Each has the request's version; whether the connection lives on is the connection's to say.

#include <string>
#include <string_view>

#include <boost/beast/http/status.hpp>
#include <boost/json/object.hpp>

#include "gateway/http/door.h"

namespace gateway::http {

using Status = boost::beast::http::status;

Response empty_answer(const Request& request, Status status);
Response json_answer(const Request& request, Status status, const boost::json::object& body);
Response error_answer(const Request& request, Status status, std::string_view error);  // {"error": …}
Response text_answer(const Request& request, Status status, std::string text);

// What every answer carries: no sniffing, no frames, no scripts but our own.
void add_security_headers(Response& response);

}  // namespace gateway::http

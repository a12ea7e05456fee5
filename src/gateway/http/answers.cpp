#include "gateway/http/answers.h"

#include <boost/json/serialize.hpp>

namespace gateway::http {

using boost::beast::http::field;

Response empty_answer(const Request& request, Status status) {
  Response response(status, request.version());
  return response;
}

Response json_answer(const Request& request, Status status, const boost::json::object& body) {
  Response response = empty_answer(request, status);
  response.set(field::content_type, "application/json");
  response.set(field::cache_control, "no-store");
  response.body() = boost::json::serialize(body);
  return response;
}

Response error_answer(const Request& request, Status status, std::string_view error) {
  return json_answer(request, status, {{"error", error}});
}

Response text_answer(const Request& request, Status status, std::string text) {
  Response response = empty_answer(request, status);
  response.set(field::content_type, "text/plain; charset=utf-8");
  response.set(field::cache_control, "no-store");
  response.body() = std::move(text);
  return response;
}

void add_security_headers(Response& response) {
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "same-origin");
  response.set("Cross-Origin-Opener-Policy", "same-origin");
  // Styles: the terminal and the editor write theirs into the page. ws: and wss: are for browsers whose 'self' leaves
  // WebSockets out.
  response.set("Content-Security-Policy",
               "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
               "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; "
               "frame-ancestors 'none'");
}

}  // namespace gateway::http

#include "socketio/http_answers.h"

#include <algorithm>
#include <cctype>

#include <boost/beast/http/rfc7230.hpp>

#include "socketio/engineio/websocket.h"
#include "socketio/query.h"

namespace socketio {

namespace http = boost::beast::http;

namespace {

Response answer(const Request& request, http::status status, std::string_view type, std::string body) {
  Response response(status, request.version());
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(request.keep_alive());
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

std::string_view usual_message(Refusal code) {
  switch (code) {
    case Refusal::unknown_transport:
      return "Transport unknown";
    case Refusal::unknown_sid:
      return "Session ID unknown";
    case Refusal::bad_method:
      return "Bad handshake method";
    case Refusal::bad_request:
      return "Bad request";
    case Refusal::forbidden:
      return "Forbidden";
    case Refusal::unsupported_version:
      return "Unsupported protocol version";
  }
  return "Bad request";
}

}  // namespace

Response text_answer(const Request& request, std::string body) {
  return answer(request, http::status::ok, "text/plain; charset=UTF-8", std::move(body));
}

Response refusal(const Request& request, http::status status, Refusal code, std::string_view message) {
  std::string body = "{\"code\":" + std::to_string(static_cast<int>(code)) + ",\"message\":\"";
  append_json_escaped(body, message.empty() ? usual_message(code) : message);
  body += "\"}";
  return answer(request, status, "application/json", std::move(body));
}

Response refusal(const Request& request, Refusal code, std::string_view message) {
  return refusal(request, code == Refusal::forbidden ? http::status::forbidden : http::status::bad_request, code,
                 message);
}

std::string_view websocket_fault(const Request& request) {
  if (request.method() != http::verb::get) return "A WebSocket is asked for by GET.";
  if (!http::token_list{request[http::field::connection]}.exists("upgrade") ||
      !http::token_list{request[http::field::upgrade]}.exists("websocket"))
    return "The request does not ask for an upgrade to a WebSocket.";
  if (request[http::field::sec_websocket_version] != "13") return "Sec-WebSocket-Version must be 13.";
  if (engineio::accept_key(request[http::field::sec_websocket_key]).empty())
    return "Sec-WebSocket-Key must be 16 bytes in base64.";
  return {};
}

std::string websocket_response(const Request& request) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         engineio::accept_key(request[http::field::sec_websocket_key]) + "\r\n\r\n";
}

Handshake handshake_of(const Request& request, std::string address) {
  Handshake handshake;
  handshake.address = std::move(address);
  handshake.query = query_of(request.target());
  for (const auto field : {http::field::cookie, http::field::origin, http::field::host, http::field::user_agent}) {
    const auto found = request.find(field);
    if (found == request.end()) continue;
    std::string name(http::to_string(field));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    handshake.headers.emplace(std::move(name), found->value());
  }
  return handshake;
}

}  // namespace socketio

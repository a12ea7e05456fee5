#pragma once

// The answers of Engine.IO's HTTP side.

#include <string>
#include <string_view>

#include "socketio/server.h"

namespace socketio {

// https://socket.io/docs/v4/engine-io-protocol/ leaves errors open; these are the codes of the clients' own server.
enum class Refusal {
  unknown_transport = 0,
  unknown_sid = 1,
  bad_method = 2,
  bad_request = 3,
  forbidden = 4,
  unsupported_version = 5,
};

Response text_answer(const Request& request, std::string body);
// HTTP 400 (403 where forbidden) with {"code":…,"message":…}; without a message, the code's usual one.
Response refusal(const Request& request, Refusal code, std::string_view message = {});
Response refusal(const Request& request, boost::beast::http::status status, Refusal code, std::string_view message);

// Why the request cannot become a WebSocket; empty where it can.
std::string_view websocket_fault(const Request& request);
// The head of the answer that makes it one.
std::string websocket_response(const Request& request);

Handshake handshake_of(const Request& request, std::string address);

}  // namespace socketio

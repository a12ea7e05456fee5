#include "socketio/socketio/client_socket.h"

#include <algorithm>

#include <boost/json/serialize.hpp>

namespace socketio {

using engineio::CloseCode;
using engineio::Closing;

void ClientSocket::on(std::string event, EventHandler handler) {
  std::erase_if(handlers_, [&](const auto& entry) { return entry.first == event; });
  handlers_.emplace_back(std::move(event), std::move(handler));
}

base::Result<void> ClientSocket::emit(std::string_view event, const boost::json::array& arguments) {
  const std::string json = boost::json::serialize(arguments);
  return emit_json(event, std::string_view(json).substr(1, json.size() - 2));
}

base::Result<void> ClientSocket::emit_json(std::string_view event, std::string_view json_arguments) {
  if (!connected_) return base::fail(Errc::closed, "The client has gone.");
  std::string name;
  append_json_escaped(name, event);
  return connection_->send({"2[\"", name, json_arguments.empty() ? "\"" : "\",", json_arguments, "]"});
}

void ClientSocket::acknowledge(std::uint64_t id, const boost::json::array& arguments) {
  if (connected_) (void)connection_->send({"3", std::to_string(id), boost::json::serialize(arguments)});
}

void ClientSocket::disconnect() {
  if (!connected_) return;
  (void)connection_->send({"1"});
  connection_->close("server namespace disconnect", Closing::tell, CloseCode::normal, "disconnected by the server");
}

void ClientSocket::dispatch(boost::json::array event, Acknowledge acknowledge) {
  const std::string name(event[0].get_string());
  event.erase(event.begin());
  const auto found = std::find_if(handlers_.begin(), handlers_.end(), [&](auto& entry) { return entry.first == name; });
  if (found != handlers_.end()) {
    const EventHandler handler = found->second;  // it may replace itself
    handler(std::move(event), std::move(acknowledge));
  } else if (on_any_) {
    const AnyHandler handler = on_any_;
    handler(name, std::move(event), std::move(acknowledge));
  }
}

// Lets go of the handlers, which often hold the socket.
void ClientSocket::gone(std::string_view reason) {
  if (!connected_.exchange(false)) return;
  const auto handlers = std::exchange(handlers_, {});
  const auto on_any = std::exchange(on_any_, nullptr);
  if (const auto handler = std::exchange(on_disconnect_, nullptr)) handler(reason);
}

}  // namespace socketio

#include "socketio/socketio/client.h"

#include <utility>

#include "socketio/random_id.h"
#include "socketio/socketio/client_socket.h"
#include "socketio/socketio/event_json.h"

namespace socketio {

using engineio::CloseCode;
using engineio::Closing;

Client::Client(std::shared_ptr<engineio::Connection> connection, Handshake handshake,
               std::shared_ptr<const ConnectionHandler> on_connection)
    : connection_(std::move(connection)), handshake_(std::move(handshake)), on_connection_(std::move(on_connection)) {}

void Client::parse_error(std::string_view text) {
  connection_->close("parse error", Closing::tell, CloseCode::unsupported_data, text);
}

void Client::receive(const engineio::Packet& message) {
  if (message.binary) return parse_error("binary events are not supported");
  const auto packet = parse_packet(message.data);
  if (!packet) return parse_error("no Socket.IO packet");
  if (packet->type == PacketType::connect) return connect(*packet);
  if (!socket_ || packet->name_space != "/") return parse_error("a packet for a namespace that was not connected");
  switch (packet->type) {
    case PacketType::disconnect:
      return leave();
    case PacketType::event:
      return event(*packet);
    case PacketType::ack:  // emit() asks for none
      return;
    case PacketType::binary_event:
    case PacketType::binary_ack:
      return parse_error("binary events are not supported");
    default:
      return parse_error("a client sends no such packet");
  }
}

void Client::connect(const Packet& packet) {
  if (packet.name_space != "/") {
    std::string name(packet.name_space);
    (void)connection_->send({"4", name, ",{\"message\":\"Invalid namespace\"}"});
    return;
  }
  if (socket_) return parse_error("the namespace is connected already");
  boost::json::value auth;
  if (!packet.data.empty()) {
    auto parsed = parse_json(packet.data);
    if (!parsed) return parse_error("the payload of CONNECT is not JSON");
    auth = std::move(*parsed);
  }
  handshake_.auth = std::move(auth);
  socket_ = std::make_shared<ClientSocket>(connection_, random_id(), std::exchange(handshake_, {}));
  connection_->set_in_use(true);
  (void)connection_->send({"0{\"sid\":\"", socket_->id(), "\"}"});
  if (*on_connection_) (*on_connection_)(socket_);
}

// The connection stays, and may connect again.
void Client::leave() {
  handshake_ = socket_->handshake();
  std::exchange(socket_, nullptr)->gone("client namespace disconnect");
  connection_->set_in_use(false);
}

void Client::event(const Packet& packet) {
  auto event = parse_event(packet.data);
  if (!event) return parse_error("an event is a JSON array that begins with its name");
  Acknowledge acknowledge = [](const boost::json::array&) {};
  if (packet.id)
    acknowledge = [socket = std::weak_ptr(socket_), id = *packet.id](const boost::json::array& arguments) {
      if (const auto alive = socket.lock()) alive->acknowledge(id, arguments);
    };
  const auto socket = socket_;  // the handler may disconnect
  socket->dispatch(std::move(*event), std::move(acknowledge));
}

void Client::closed(std::string_view reason) {
  if (const auto socket = std::exchange(socket_, nullptr)) socket->gone(reason);
}

}  // namespace socketio

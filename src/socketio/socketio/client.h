#pragma once

// One connection's Socket.IO side: its packets, the namespace `/`, and the Socket that the user of the library holds.
// Binary events are not supported: a packet with attachments is a parse error, which closes the connection.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "socketio/engineio/connection.h"
#include "socketio/server.h"
#include "socketio/socketio/packet.h"

namespace socketio {

class ClientSocket;

// Made with a connection, kept by its handlers; everything on the connection's executor.
class Client {
 public:
  using ConnectionHandler = std::function<void(std::shared_ptr<Socket>)>;

  Client(std::shared_ptr<engineio::Connection> connection, Handshake handshake,
         std::shared_ptr<const ConnectionHandler> on_connection);

  void receive(const engineio::Packet& message);
  void closed(std::string_view reason);

 private:
  void connect(const Packet& packet);
  void leave();
  void event(const Packet& packet);
  void parse_error(std::string_view text);

  std::shared_ptr<engineio::Connection> connection_;
  Handshake handshake_;
  std::shared_ptr<const ConnectionHandler> on_connection_;
  std::shared_ptr<ClientSocket> socket_;
};

}  // namespace socketio

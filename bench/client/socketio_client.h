#pragma once

// A raw Socket.IO client over one WebSocket (RFC 6455), blocking: it reads frames as fast as they come and decodes
// nothing that it is not asked for. The same one measures our server and its peers.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class SocketIoClient {
 public:
  using Clock = std::chrono::steady_clock;

  // Connects, upgrades and joins `/`. Throws std::runtime_error with a sentence.
  SocketIoClient(const std::string& host, std::uint16_t port, const std::string& cookie);
  ~SocketIoClient();
  SocketIoClient(const SocketIoClient&) = delete;
  SocketIoClient& operator=(const SocketIoClient&) = delete;

  // `json` is the whole array, as ["message",1].
  void emit(std::string_view json);

  // The next Socket.IO event's array as it stands; valid until the next call. Pings are answered in passing.
  std::string_view next_event();

  int descriptor() const { return socket_; }

 private:
  void connect_to(const std::string& host, std::uint16_t port);
  void upgrade(const std::string& host, const std::string& cookie);
  void send_frame(std::string_view text);
  std::string_view next_frame();
  void need(std::size_t bytes);

  int socket_ = -1;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bench

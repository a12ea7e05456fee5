#include "client/socketio_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::size_t kFrameBytesMax = std::size_t{256} << 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + (errno != 0 ? std::string(": ") + std::strerror(errno) : std::string()));
}

void send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail("sending failed");
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

}  // namespace

SocketIoClient::SocketIoClient(const std::string& host, std::uint16_t port, const std::string& cookie) {
  connect_to(host, port);
  buffer_.resize(16384);
  upgrade(host + ":" + std::to_string(port), cookie);
  if (!next_frame().starts_with("0{")) fail("no Engine.IO open packet");
  send_frame("40");
  if (!next_frame().starts_with("40")) fail("no Socket.IO connect packet");
}

SocketIoClient::~SocketIoClient() {
  if (socket_ >= 0) ::close(socket_);
}

void SocketIoClient::connect_to(const std::string& host, std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) fail("no socket");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) fail("not an IPv4 address: " + host);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connecting failed");
}

void SocketIoClient::upgrade(const std::string& host, const std::string& cookie) {
  std::string request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + host +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: Zm9yZ2UtYmVuY2gtcmVhZA==\r\n";
  if (!cookie.empty()) request += "Cookie: " + cookie + "\r\n";
  request += "\r\n";
  send_all(socket_, request.data(), request.size());
  while (true) {
    need(end_ - begin_ + 1);
    const std::string_view got(buffer_.data() + begin_, end_ - begin_);
    const auto header = got.find("\r\n\r\n");
    if (header == std::string_view::npos) continue;
    errno = 0;
    if (!got.starts_with("HTTP/1.1 101")) fail("the upgrade was refused: " + std::string(got.substr(0, 200)));
    begin_ += header + 4;
    return;
  }
}

void SocketIoClient::emit(std::string_view json) {
  send_frame("42" + std::string(json));
}

void SocketIoClient::send_frame(std::string_view text) {
  std::string frame;
  frame.reserve(text.size() + 14);
  frame += '\x81';
  const auto byte = [&frame](std::uint64_t value, int shift) { frame += static_cast<char>((value >> shift) & 0xFFU); };
  if (text.size() < 126) {
    frame += static_cast<char>(0x80U | text.size());
  } else if (text.size() < 65536) {
    frame += '\xFE';
    byte(text.size(), 8);
    byte(text.size(), 0);
  } else {
    frame += '\xFF';
    for (int shift = 56; shift >= 0; shift -= 8) byte(text.size(), shift);
  }
  frame.append(4, '\0');  // a mask of zeros leaves the payload as it is
  frame += text;
  send_all(socket_, frame.data(), frame.size());
}

void SocketIoClient::need(std::size_t bytes) {
  if (bytes > kFrameBytesMax) fail("a frame is larger than this reader takes");
  if (begin_ + bytes > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (bytes + 4096 > buffer_.size()) buffer_.resize(std::max(bytes + 4096, kReadBytes));
  }
  while (end_ - begin_ < bytes) {
    const ssize_t got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = 0;
    if (got <= 0) fail("the connection ended");
    end_ += static_cast<std::size_t>(got);
  }
}

std::string_view SocketIoClient::next_frame() {
  while (true) {
    need(2);
    const auto* head = reinterpret_cast<const unsigned char*>(buffer_.data() + begin_);
    const unsigned opcode = head[0] & 0x0FU;
    std::uint64_t size = head[1] & 0x7FU;
    std::size_t header = 2;
    if (size >= 126) {
      const std::size_t width = size == 126 ? 2 : 8;
      header += width;
      need(header);
      head = reinterpret_cast<const unsigned char*>(buffer_.data() + begin_);
      size = 0;
      for (std::size_t i = 0; i < width; ++i) size = (size << 8U) | head[2 + i];
    }
    need(header + size);
    const std::string_view payload(buffer_.data() + begin_ + header, size);
    begin_ += header + size;
    errno = 0;
    if (opcode == 8) fail("the server closed the WebSocket");
    if (opcode == 1) return payload;
  }
}

std::string_view SocketIoClient::next_event() {
  while (true) {
    const std::string_view frame = next_frame();
    if (frame == "2") {
      send_frame("3");
    } else if (frame.starts_with("42")) {
      return frame.substr(2);
    } else if (frame.starts_with("41") || frame == "1") {
      fail("the server disconnected this client");
    }
  }
}

}  // namespace bench

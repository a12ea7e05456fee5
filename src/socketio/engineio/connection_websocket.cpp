// Connection's WebSocket: reads all there is in one turn, and writes all there is in one call.
//
// Between two messages a connection owns no buffer: it waits until its socket is readable, reads into the stack, and
// the decoder keeps only what belongs to a message that is not complete.

#include <array>

#include <boost/asio/buffer.hpp>

#include "socketio/engineio/connection.h"
#include "socketio/limits.h"

namespace socketio::engineio {

namespace asio = boost::asio;

bool Connection::begin_upgrade() {
  if (!session_.begin_upgrade(Session::Clock::now())) return false;
  arm_timer();
  return true;
}

void Connection::adopt(asio::ip::tcp::socket socket, std::string response_head, std::string_view leftover,
                       std::function<void()> ended) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  const auto websocket = std::make_shared<WebSocket>(std::move(socket), options_->payload_bytes_max, std::move(ended));
  websocket_ = websocket;
  session_.take_frames(websocket->writing);
  websocket->taken_total = session_.taken_total();
  websocket->writing.insert(0, response_head);
  update_queued();
  write_some(websocket);
  read_websocket(websocket, leftover);
  pump();
  if (websocket == websocket_) wait_readable(websocket);
}

void Connection::wait_readable(WebSocketPtr websocket) {
  auto& socket = websocket->socket;
  socket.async_wait(asio::ip::tcp::socket::wait_read,
                    [self = shared_from_this(), websocket = std::move(websocket)](boost::system::error_code error) {
                      if (websocket == self->websocket_ && !error) self->on_readable(websocket);
                    });
}

void Connection::on_readable(const WebSocketPtr& websocket) {
  std::array<char, kReadBytes> bytes;
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    boost::system::error_code error;
    const std::size_t count = websocket->socket.read_some(asio::buffer(bytes), error);
    if (error == asio::error::would_block) break;
    if (error) {
      session_.websocket_gone();
      if (websocket == websocket_) drop_websocket();
      return pump();
    }
    read_websocket(websocket, {bytes.data(), count});
    if (count < bytes.size() || websocket != websocket_) break;
  }
  pump();
  if (websocket == websocket_) wait_readable(websocket);
}

// What still comes to a closed session is thrown away, so that its last packets are not lost to a reset.
void Connection::read_websocket(const WebSocketPtr& websocket, std::string_view bytes) {
  WebSocketDecoder& decoder = websocket->decoder;
  batching_ = true;
  while (!session_.closed() && websocket == websocket_) {
    const auto step = decoder.next(bytes);
    if (step == WebSocketDecoder::Step::message) {
      const bool closes = decoder.message().opcode == Opcode::close;
      if (const auto packet = session_.receive(decoder.message())) deliver(*packet);
      if (!closes || session_.closed()) continue;
    } else if (step == WebSocketDecoder::Step::failed) {
      session_.fail(decoder.failure(), decoder.failure_text());
    }
    if (step == WebSocketDecoder::Step::need_more) break;
    if (!session_.closed()) {  // an upgrade that came to nothing
      session_.websocket_gone();
      drop_websocket();
    }
  }
  if (decoder.in_message()) session_.note_progress();
  batching_ = false;
}

void Connection::write(const WebSocketPtr& websocket) {
  if (websocket->write_pending || websocket->sending_ended) return;
  session_.take_frames(websocket->writing);
  websocket->taken_total = session_.taken_total();
  update_queued();
  if (!websocket->writing.empty()) {
    write_some(websocket);
    wake_queue_waiters();
  } else if (session_.closed() && session_.transport() == Transport::websocket) {
    boost::system::error_code ignored;
    websocket->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    websocket->sending_ended = true;
  }
}

void Connection::write_some(WebSocketPtr websocket) {
  websocket->write_pending = true;
  auto& socket = websocket->socket;
  const auto rest = asio::buffer(websocket->writing) + websocket->written;
  socket.async_write_some(rest, [self = shared_from_this(), websocket = std::move(websocket)](
                                    boost::system::error_code error, std::size_t bytes) {
    if (websocket == self->websocket_) self->on_written(websocket, error, bytes);
  });
}

void Connection::on_written(const WebSocketPtr& websocket, boost::system::error_code error, std::size_t bytes) {
  if (error) {
    session_.websocket_gone();
    drop_websocket();
    return pump();
  }
  websocket->written += bytes;
  if (websocket->written < websocket->writing.size()) {
    session_.note_progress();
    return write_some(websocket);
  }
  websocket->write_pending = false;
  websocket->writing.clear();
  websocket->written = 0;
  if (session_.transport() == Transport::websocket) written_total_ = websocket->taken_total;
  wake_queue_waiters();
  pump();
}

void Connection::drop_websocket() {
  if (!websocket_) return;
  boost::system::error_code ignored;
  websocket_->socket.close(ignored);
  std::exchange(websocket_, nullptr)->ended();
}

}  // namespace socketio::engineio

#pragma once

// One Engine.IO session, without I/O: what it has to send, what a client's packets mean, and when it ends. A driver
// feeds it what arrives and the time, and sends what it gives out. It has no lock: one thread at a time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "socketio/engineio/packet.h"
#include "socketio/engineio/websocket.h"
#include "socketio/server.h"

namespace socketio::engineio {

enum class Transport { polling, websocket };

// How a session ends: `tell` sends what is queued and then a close packet; `drop` sends nothing more.
enum class Closing { tell, drop };

class Session {
 public:
  using Clock = std::chrono::steady_clock;

  // Queues the open packet.
  Session(std::string sid, const Options& options, Transport transport, Clock::time_point now);

  const std::string& sid() const { return sid_; }
  Transport transport() const { return transport_; }
  bool closed() const { return !reason_.empty(); }
  std::string_view reason() const { return reason_; }  // by Socket.IO's names
  bool dropped() const { return dropped_; }            // closed, and nothing more is sent
  void close(std::string_view reason, Closing closing, CloseCode code = CloseCode::normal, std::string_view text = {});

  // A packet that arrived; given back where it is a message for the layer above.
  std::optional<Packet> receive(Transport from, std::string_view text);
  std::optional<Packet> receive(const WebSocketMessage& message);
  void fail(CloseCode code, std::string_view text);  // the WebSocket's bytes break a rule
  void websocket_gone();

  // Queues one packet, its data in pieces.
  void send(PacketType type, std::initializer_list<std::string_view> data);
  std::size_t queued_bytes() const { return outbox_.size() - outbox_begin_; }
  std::uint64_t queued_total() const { return taken_total_ + queued_bytes(); }  // since the beginning
  std::uint64_t taken_total() const { return taken_total_; }                    // of these, given to a transport

  // A long-polling GET. False where one waits already, or the transport is another: it is to be refused, and the
  // first of these ends the session.
  bool begin_poll();
  bool poll_ready() const;  // the GET that waits has an answer
  std::string end_poll();   // the answer's body
  void poll_gone();         // the client did not wait

  // An upgrade begins; false where it cannot.
  bool begin_upgrade(Clock::time_point now);
  bool serves_websocket() const { return transport_ == Transport::websocket || upgrade_ != Upgrade::none; }
  // Swaps what there is for the WebSocket into `frames`, which must be empty.
  void take_frames(std::string& frames);

  // Whether the client still reads or writes what is under way: puts the ping's deadline off.
  void note_progress() { progress_ = true; }
  void release_idle_memory();
  // When the next tick is due, and what falls due by then: pings, time-outs.
  Clock::time_point deadline() const;
  void tick(Clock::time_point now);
  // The layer above is in use, or not any more; without use for connect_timeout the session ends.
  void set_in_use(bool in_use, Clock::time_point now);

 private:
  enum class Upgrade { none, attached, probed };

  void receive_probe(const Packet& packet);
  void parse_error(std::string_view text);

  std::string sid_;
  std::chrono::milliseconds ping_interval_;
  std::chrono::milliseconds ping_timeout_;
  std::chrono::milliseconds connect_timeout_;
  Transport transport_;
  Upgrade upgrade_ = Upgrade::none;
  bool poll_waits_ = false;
  bool pong_due_ = false;
  bool progress_ = false;
  bool dropped_ = false;     // nothing more is sent
  std::string_view reason_;  // of the end; a literal
  std::string outbox_;       // packets as WebSocket frames, which polls take apart
  std::size_t outbox_begin_ = 0;
  std::string control_;  // frames for the WebSocket alone, before it is the transport
  std::string close_frame_;
  std::uint64_t taken_total_ = 0;
  Clock::time_point pinged_;  // or opened
  Clock::time_point pong_by_;
  Clock::time_point upgrade_by_ = Clock::time_point::max();
  Clock::time_point connect_by_ = Clock::time_point::max();
};

}  // namespace socketio::engineio

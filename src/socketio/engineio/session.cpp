#include "socketio/engineio/session.h"

#include <algorithm>

#include "socketio/limits.h"

namespace socketio::engineio {

Session::Session(std::string sid, const Options& options, Transport transport, Clock::time_point now)
    : sid_(std::move(sid)),
      ping_interval_(options.ping_interval),
      ping_timeout_(options.ping_timeout),
      connect_timeout_(options.connect_timeout),
      transport_(transport),
      pinged_(now),
      connect_by_(now + options.connect_timeout) {
  send(PacketType::open,
       {"{\"sid\":\"", sid_, "\",\"upgrades\":[", transport == Transport::polling ? "\"websocket\"" : "",
        "],\"pingInterval\":", std::to_string(ping_interval_.count()), ",\"pingTimeout\":",
        std::to_string(ping_timeout_.count()), ",\"maxPayload\":", std::to_string(options.payload_bytes_max), "}"});
}

void Session::close(std::string_view reason, Closing closing, CloseCode code, std::string_view text) {
  if (closed()) return;
  if (closing == Closing::drop)
    dropped_ = true;
  else if (transport_ == Transport::polling)
    send(PacketType::close, {});
  else
    append_close_frame(close_frame_, code, text);
  reason_ = reason;
}

void Session::parse_error(std::string_view text) {
  close("parse error", transport_ == Transport::polling ? Closing::drop : Closing::tell, CloseCode::unsupported_data,
        text);
}

void Session::fail(CloseCode code, std::string_view text) {
  if (transport_ == Transport::polling) return;  // an upgrade that fails leaves the session as it was
  close(code == CloseCode::protocol_error ? "transport error" : "parse error", Closing::tell, code, text);
}

void Session::websocket_gone() {
  upgrade_ = Upgrade::none;
  upgrade_by_ = Clock::time_point::max();
  if (transport_ == Transport::websocket) {
    close("transport close", Closing::drop);
    dropped_ = true;
  }
}

std::optional<Packet> Session::receive(Transport from, std::string_view text) {
  if (closed()) return std::nullopt;
  const std::optional<Packet> packet = parse_packet(text);
  if (from == Transport::websocket && transport_ == Transport::polling) {
    if (packet) receive_probe(*packet);
    return std::nullopt;
  }
  if (!packet || (packet->binary && from == Transport::websocket)) {
    parse_error("no Engine.IO packet");
    return std::nullopt;
  }
  switch (packet->type) {
    case PacketType::message:
      return packet;
    case PacketType::pong:
      pong_due_ = false;
      break;
    case PacketType::close:
      close("transport close", Closing::tell);
      break;
    case PacketType::noop:
    case PacketType::upgrade:  // sent twice
      break;
    case PacketType::open:
    case PacketType::ping:
      parse_error("a client sends no such packet");
      break;
  }
  return std::nullopt;
}

std::optional<Packet> Session::receive(const WebSocketMessage& message) {
  switch (message.opcode) {
    case Opcode::text:
      return receive(Transport::websocket, message.data);
    case Opcode::binary:
      if (closed() || transport_ != Transport::websocket) return std::nullopt;
      return Packet{PacketType::message, message.data, true};
    case Opcode::ping:
      if (control_.size() > kPongBytesMax) break;
      append_frame_header(control_, Opcode::pong, message.data.size());
      control_ += message.data;
      break;
    case Opcode::close:
      if (transport_ == Transport::websocket) close("transport close", Closing::tell);
      break;
    default:
      break;
  }
  return std::nullopt;
}

void Session::receive_probe(const Packet& packet) {
  if (packet.type == PacketType::ping && packet.data == "probe" && upgrade_ == Upgrade::attached) {
    append_frame_header(control_, Opcode::text, 6);
    control_ += "3probe";
    upgrade_ = Upgrade::probed;
  } else if (packet.type == PacketType::upgrade && upgrade_ == Upgrade::probed) {
    upgrade_ = Upgrade::none;
    upgrade_by_ = Clock::time_point::max();
    transport_ = Transport::websocket;
  }
}

void Session::send(PacketType type, std::initializer_list<std::string_view> data) {
  if (closed()) return;
  std::size_t bytes = 1;
  for (const std::string_view piece : data) bytes += piece.size();
  append_frame_header(outbox_, Opcode::text, bytes);
  outbox_ += static_cast<char>(type);
  for (const std::string_view piece : data) outbox_ += piece;
}

bool Session::begin_poll() {
  if (transport_ != Transport::polling) return false;
  if (poll_waits_) {
    close("transport error", Closing::tell);
    return false;
  }
  poll_waits_ = true;
  return true;
}

bool Session::poll_ready() const {
  return poll_waits_ &&
         (queued_bytes() > 0 || closed() || upgrade_ == Upgrade::probed || transport_ != Transport::polling);
}

std::string Session::end_poll() {
  poll_waits_ = false;
  std::string body;
  if (transport_ == Transport::polling && !dropped_) {
    for (int packets = 0; queued_bytes() > 0 && packets < kPollPacketsMax; ++packets) {
      const std::string_view frames = std::string_view(outbox_).substr(outbox_begin_);
      const FrameExtent extent = frame_extent(frames);
      if (!body.empty() && body.size() + extent.payload_bytes > kPollBytesMax) break;
      if (!body.empty()) body += kRecordSeparator;
      body += frames.substr(extent.header_bytes, extent.payload_bytes);
      outbox_begin_ += extent.header_bytes + extent.payload_bytes;
      taken_total_ += extent.header_bytes + extent.payload_bytes;
    }
    if (queued_bytes() == 0) {
      outbox_.clear();
      outbox_begin_ = 0;
    }
  }
  if (body.empty()) body += static_cast<char>(closed() ? PacketType::close : PacketType::noop);
  return body;
}

void Session::poll_gone() {
  poll_waits_ = false;
  close("transport close", Closing::drop);
}

bool Session::begin_upgrade(Clock::time_point now) {
  if (closed() || transport_ != Transport::polling || upgrade_ != Upgrade::none) return false;
  upgrade_ = Upgrade::attached;
  upgrade_by_ = now + kUpgradeTimeout;
  return true;
}

void Session::take_frames(std::string& frames) {
  if (transport_ == Transport::websocket && !dropped_) {
    if (outbox_begin_ > 0) outbox_.erase(0, outbox_begin_);
    outbox_begin_ = 0;
    taken_total_ += outbox_.size();
    frames.swap(outbox_);
    if (!control_.empty()) frames.insert(0, control_);
    frames += close_frame_;
    close_frame_.clear();
  } else {
    frames = control_;
  }
  control_.clear();
}

void Session::release_idle_memory() {
  if (outbox_.empty()) std::string().swap(outbox_);
  if (control_.empty()) std::string().swap(control_);
}

Session::Clock::time_point Session::deadline() const {
  const Clock::time_point ping = pong_due_ ? pong_by_ : pinged_ + ping_interval_;
  return std::min({ping, upgrade_by_, connect_by_});
}

void Session::tick(Clock::time_point now) {
  if (closed()) return;
  if (now >= upgrade_by_) {
    upgrade_ = Upgrade::none;  // the driver sees that the WebSocket serves nothing, and drops it
    upgrade_by_ = Clock::time_point::max();
  }
  if (now >= connect_by_) {
    close("transport error", Closing::tell, CloseCode::policy_violation, "no namespace was connected in time");
  } else if (pong_due_ && now >= pong_by_) {
    if (!progress_) return close("ping timeout", Closing::drop);
    progress_ = false;
    pong_by_ = now + ping_timeout_;
  } else if (!pong_due_ && now >= pinged_ + ping_interval_) {
    send(PacketType::ping, {});
    pong_due_ = true;
    pinged_ = now;
    pong_by_ = now + ping_timeout_;
    progress_ = false;
  }
}

void Session::set_in_use(bool in_use, Clock::time_point now) {
  connect_by_ = in_use ? Clock::time_point::max() : now + connect_timeout_;
}

}  // namespace socketio::engineio

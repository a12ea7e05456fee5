#pragma once

// The library's fixed limits; those that a user may set are in Options.

#include <chrono>
#include <cstddef>

namespace socketio {

// A long-polling answer holds the packets that fit, and at least one; the rest waits for the next request.
// python-engineio's client takes no more than 16 in one answer.
inline constexpr std::size_t kPollBytesMax = std::size_t{4} << 20;
inline constexpr int kPollPacketsMax = 16;
// From the request for an upgrade until it is done; then the new transport is dropped and the old one stays.
inline constexpr std::chrono::seconds kUpgradeTimeout{10};
// What a closed connection gets to take its last packets; then they are dropped.
inline constexpr std::chrono::seconds kCloseTimeout{5};
// Nesting of an event's arguments; deeper ones are a parse error.
inline constexpr std::size_t kJsonDepthMax = 100;
// The digits of an acknowledgement's id.
inline constexpr std::size_t kAckDigitsMax = 15;
// Answers to WebSocket pings that wait to be written; more pings go unanswered.
inline constexpr std::size_t kPongBytesMax = 4096;
// Read from one connection before the next one's turn.
inline constexpr int kReadsPerTurn = 16;
inline constexpr std::size_t kReadBytes = std::size_t{64} << 10;
// A decoder's buffer that is larger is given back when its message was taken; other buffers at the next ping.
inline constexpr std::size_t kIdleBufferBytesMax = 512;

}  // namespace socketio

#pragma once

// The door's limits, and what happens at each.

#include <chrono>
#include <cstddef>

namespace gateway::http {

inline constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;      // 431, then closed
inline constexpr std::size_t kApiBodyBytesMax = std::size_t{1} << 20;      // 413, then closed
inline constexpr std::size_t kConnectionsMax = 20'000;                     // 503, then closed
inline constexpr std::size_t kStaticFileBytesMax = std::size_t{64} << 20;  // not served
inline constexpr int kJsonDepthMax = 32;                                   // 400
inline constexpr std::chrono::seconds kIdleTimeout{30};  // from the connection, or the last answer, to a whole header
inline constexpr std::size_t kBytesPerSecondMin = std::size_t{32} << 10;  // a body or an answer may be this slow

}  // namespace gateway::http

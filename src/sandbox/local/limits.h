#pragma once

// Bounds of the local spawner, and what happens there.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sandbox::local {

inline constexpr std::uint32_t kIdsPerSandbox = 65536;
inline constexpr std::uint32_t kFirstIdDefault = 1'000'000'000;

inline constexpr std::size_t kWorkers = 4;                   // blocking work at once; the rest waits
inline constexpr std::size_t kCapturedBytesMax = 64 * 1024;  // of a command's output; the rest is dropped
inline constexpr std::chrono::seconds kCommandDeadline{60};  // a runtime command; then it is killed
inline constexpr std::chrono::seconds kAgentDeadline{20};    // from the runtime's end to the agent's socket
inline constexpr std::chrono::seconds kStopGrace{5};         // between TERM and KILL
inline constexpr std::chrono::seconds kNetworkDeadline{10};  // until the network helper is ready
inline constexpr std::uint64_t kOpenFilesMax = 65536;        // where the host's own limit allows as many

}  // namespace sandbox::local

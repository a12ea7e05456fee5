#pragma once

// Bounds of this folder, and what happens there.

#include <chrono>
#include <cstddef>

namespace gateway::events {

inline constexpr std::size_t kInputBytesMax = std::size_t{32} << 20;  // held for one run of a socket; more is refused
inline constexpr std::chrono::seconds kSilentStart{3};                // then a start says what it waits for
inline constexpr std::chrono::seconds kIdentityKept{1};               // what a socket knows of its account and login
inline constexpr std::size_t kAttachmentsMax = 32;                    // of one socket; more are refused

}  // namespace gateway::events

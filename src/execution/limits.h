#pragma once

// Bounds of this folder, and what happens there.

#include <chrono>
#include <cstddef>

namespace execution {

inline constexpr std::size_t kIdCharactersMin = 8;  // other ids are refused
inline constexpr std::size_t kIdCharactersMax = 32;
inline constexpr std::chrono::seconds kStartDeadline{40};  // from the agent's connection to a running interpreter
inline constexpr std::chrono::seconds kCallDeadline{30};   // any other request to an agent
inline constexpr int kConnectAttempts = 3;                 // to a sandbox that was just started
inline constexpr std::chrono::milliseconds kConnectDelay{100};
inline constexpr int kLostAttempts = 3;      // where the connection is lost in the middle of a request
inline constexpr int kReattachAttempts = 8;  // then the execution counts as lost
inline constexpr std::chrono::milliseconds kReattachDelayFirst{50};
inline constexpr std::chrono::milliseconds kReattachDelayMax{2000};

}  // namespace execution

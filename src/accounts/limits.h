#pragma once

// The accounts' limits. A field beyond one is Errc::invalid.

#include <chrono>
#include <cstddef>

namespace accounts {

inline constexpr std::size_t kUsernameCharactersMax = 256;
inline constexpr std::size_t kEmailBytesMax = 320;  // RFC 3696, errata 1690: 64 + 1 + 255
inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;
inline constexpr std::size_t kContainerIdBytesMax = 63;  // a DNS label (RFC 1035)
inline constexpr int kContainerIdTriesMax = 40;          // then Errc::unavailable
inline constexpr std::chrono::hours kLoginLifetime{30 * 24};
inline constexpr std::size_t kLoginsPerAccountMax = 100;  // the one that ends first goes
inline constexpr int kHashesWaitingMax = 64;              // then Errc::unavailable
inline constexpr int kHashThreads = 2;

}  // namespace accounts

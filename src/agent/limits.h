#pragma once

// The bounds of everything in the agent that could grow, and what happens there.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace agent {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::size_t kExecutionsRunningMax = 16;             // beyond: TOO_MANY
inline constexpr std::size_t kExecutionsFinishedMax = 64;            // beyond: the oldest goes
inline constexpr std::size_t kCodeBytesMax = std::size_t{10} << 20;  // beyond: TOO_LARGE
inline constexpr std::size_t kCodeInlineBytesMax = 65536;            // beyond: handed over in a memfd
inline constexpr std::size_t kIdBytesMax = 64;                       // [A-Za-z0-9_-], beyond: BAD_REQUEST
inline constexpr std::size_t kLabelsMax = 8;
inline constexpr std::size_t kLabelBytesMax = 256;
inline constexpr std::size_t kReadersMax = 16;  // names that an execution remembers; beyond: BAD_REQUEST
inline constexpr std::size_t kReaderBytesMax = 64;
inline constexpr std::size_t kReasonBytesMax = 512;   // beyond: cut
inline constexpr std::size_t kLogLineBytesMax = 512;  // beyond: cut
inline constexpr int kLogLinesMax = 2000;             // of one agent; then it is silent
inline constexpr std::size_t kConnectionsMax = 64;    // beyond: closed at once
inline constexpr std::size_t kAttachmentsMax = 256;   // of one connection; beyond: BAD_REQUEST

inline constexpr std::size_t kInputBytesMax = std::size_t{32} << 20;  // waiting for the program; beyond: INPUT_FULL
inline constexpr std::size_t kAnswerBytesMax = std::size_t{8} << 20;  // a peer that asks and does not read: closed
inline constexpr std::size_t kOutputFrameBytesMax = std::size_t{256} << 10;
inline constexpr std::uint64_t kAheadBytesMax = std::uint64_t{4} << 20;  // of the fastest reader: the program waits
inline constexpr seconds kReaderAbsentAfter{30};

inline constexpr std::size_t kPipeBytes = std::size_t{1} << 20;
inline constexpr std::size_t kReadBytes = std::size_t{256} << 10;
inline constexpr std::size_t kSmallReadBytes = std::size_t{32} << 10;  // smaller ones are gathered once output flows
inline constexpr milliseconds kGather{2};

inline constexpr std::size_t kJournalMemoryBytes = std::size_t{1} << 20;  // of a journal that could get no file
inline constexpr std::size_t kModulesMax = 32;                            // learned names; beyond: the oldest go
inline constexpr std::size_t kLastWordsBytes = 4096;                      // of a fork server's stderr

inline constexpr seconds kSpareWait{20};                // beyond: START_FAILED
inline constexpr milliseconds kSpareAfter{5};           // a new spare is made so long after one was used
inline constexpr milliseconds kSpareRetry{100};         // after one could not be forked
inline constexpr seconds kSpareOverdue{8};              // a fork server that gave none by then is replaced
inline constexpr milliseconds kReloadAfter{200};        // without a run
inline constexpr milliseconds kReloadYield{1000};       // a reload stands still so long after a run began
inline constexpr std::chrono::seconds kLeavingMax{10};  // a fork server that was replaced may take so long to end
inline constexpr milliseconds kSampleEvery{200};
inline constexpr seconds kStraysAfter{2};              // the last end: strays are looked for so long
inline constexpr milliseconds kRestartAfterMax{5000};  // longest pause between two tries to start a fork server
inline constexpr seconds kShutdownWait{3};
inline constexpr int kFreezeRoundsMax = 200;

}  // namespace agent

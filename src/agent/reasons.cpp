#include "agent/reasons.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <utility>

namespace agent {
namespace {

std::string number_in_words(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  std::string words = text;
  if (words.ends_with(".0")) {
    words.resize(words.size() - 2);
  }
  return words;
}

// Bytes of the UTF-8 character that begins `text`; 0 where none does (RFC 3629).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  const std::size_t bytes = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || text.size() < bytes) {
    return 0;
  }
  for (std::size_t at = 1; at < bytes; ++at) {
    if ((byte(at) & 0xc0) != 0x80) {
      return 0;
    }
  }
  const bool is_bad = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0) ||
                      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90);
  return is_bad ? 0 : bytes;
}

}  // namespace

std::string plain_words(std::string_view text, std::size_t bytes_max) {
  std::string words;
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    if (words.size() + std::max<std::size_t>(bytes, 1) > bytes_max) {
      break;
    }
    const auto first = static_cast<unsigned char>(text[0]);
    if (bytes == 0) {
      words += '?';
    } else if (first < 0x20 || first == 0x7f) {
      words += ' ';
    } else {
      words += text.substr(0, bytes);
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  while (words.ends_with(' ')) {
    words.pop_back();
  }
  return words;
}

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return number_in_words(size) + " " + kUnits[unit];
}

std::string duration_in_words(std::chrono::milliseconds duration) {
  if (duration.count() < 1000) {
    return std::to_string(duration.count()) + " ms";
  }
  return number_in_words(static_cast<double>(duration.count()) / 1000) + " s";
}

std::string signal_in_words(int signal) {
  static constexpr std::pair<int, const char*> kNames[] = {
      {SIGHUP, "hangup"},
      {SIGINT, "interrupt"},
      {SIGQUIT, "quit"},
      {SIGILL, "illegal instruction"},
      {SIGTRAP, "trap"},
      {SIGABRT, "aborted"},
      {SIGBUS, "bus error"},
      {SIGFPE, "arithmetic error"},
      {SIGKILL, "killed"},
      {SIGUSR1, "user signal 1"},
      {SIGSEGV, "segmentation fault"},
      {SIGUSR2, "user signal 2"},
      {SIGPIPE, "broken pipe"},
      {SIGALRM, "alarm clock"},
      {SIGTERM, "terminated"},
      {SIGXCPU, "CPU time limit"},
      {SIGXFSZ, "file size limit"},
      {SIGSYS, "a system call that is not allowed"},
  };
  std::string words = "signal " + std::to_string(signal);
  for (const auto& [number, name] : kNames) {
    if (number == signal) {
      words += std::string(" (") + name + ")";
    }
  }
  return words;
}

std::string out_of_memory_reason(std::uint64_t limit_bytes) {
  return "out of memory: it needed more than the sandbox's limit of " + size_in_words(limit_bytes);
}

std::string time_limit_reason(std::chrono::milliseconds limit) {
  return "stopped: it ran longer than its limit of " + duration_in_words(limit);
}

void set_end(wire::ExecutionInfo& info, const End& decided, const Ended& ended) {
  const int signal = WIFSIGNALED(ended.wait_status) ? WTERMSIG(ended.wait_status) : 0;
  if (decided.status != wire::STATUS_UNSPECIFIED) {
    info.set_status(decided.status);
    info.set_reason(decided.reason);
    info.set_signal(signal);
    return;
  }
  if (signal == 0) {
    info.set_status(wire::EXITED);
    info.set_exit_code(WEXITSTATUS(ended.wait_status));
    return;
  }
  info.set_signal(signal);
  const bool near_limit =
      !ended.oom_kills_readable && ended.sampled_peak_bytes >= ended.memory_bytes_max - ended.memory_bytes_max / 10;
  if (signal == SIGKILL && (ended.oom_kill_counted || near_limit)) {
    info.set_status(wire::OUT_OF_MEMORY);
    info.set_reason(out_of_memory_reason(ended.memory_bytes_max));
    return;
  }
  info.set_status(wire::SIGNALED);
  info.set_reason("ended by " + signal_in_words(signal));
}

}  // namespace agent

#include "agent/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "agent/fd.h"

namespace agent {
namespace {

std::optional<std::string> read_small(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t bytes = file ? ::read(file.get(), text, sizeof text) : -1;
  if (bytes <= 0) {
    return std::nullopt;
  }
  return std::string(text, static_cast<std::size_t>(bytes));
}

// The number behind `key` at the beginning of a line.
std::optional<std::uint64_t> number_of(const std::optional<std::string>& text, const std::string& key) {
  if (!text) {
    return std::nullopt;
  }
  const auto at = ("\n" + *text).find("\n" + key);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  return std::strtoull(text->c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

std::optional<std::uint64_t> MemoryGroup::used_bytes() const {
  const auto unified = number_of(read_small(root_ + "/memory.current"), "");
  return unified ? unified : number_of(read_small(root_ + "/memory/memory.usage_in_bytes"), "");
}

std::optional<std::uint64_t> MemoryGroup::oom_kills() const {
  const auto unified = number_of(read_small(root_ + "/memory.events"), "oom_kill ");
  return unified ? unified : number_of(read_small(root_ + "/memory/memory.oom_control"), "oom_kill ");
}

std::uint64_t resident_bytes(pid_t pid) {
  const auto text = read_small("/proc/" + std::to_string(pid) + "/statm");
  const auto space = text ? text->find(' ') : std::string::npos;
  return space == std::string::npos
             ? 0
             : std::strtoull(text->c_str() + space, nullptr, 10) * static_cast<std::uint64_t>(::getpagesize());
}

std::uint64_t proportional_bytes(pid_t pid) {
  const auto kilobytes = number_of(read_small("/proc/" + std::to_string(pid) + "/smaps_rollup"), "Pss:");
  return kilobytes ? *kilobytes * 1024 : resident_bytes(pid);
}

}  // namespace agent

#pragma once

// The datagrams between agent and fork server (python/PROTOCOL.md): a verb, then `key=value` lines. Does no I/O, but
// for passing descriptors along. What comes in is untrusted.

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fd.h"

namespace agent {

inline constexpr std::size_t kDatagramBytesMax = 65536;

struct ControlMessage {
  std::string verb;
  std::map<std::string, std::string> values;

  std::string value(const std::string& key) const;
  pid_t pid(const std::string& key) const;  // 0 unless it is a process id that may be signalled
  std::vector<std::string> modules() const;
};

ControlMessage parse_control(std::string_view datagram);
std::string encode_control(const ControlMessage& message);

// Names that may be preloaded: dotted identifiers of at most 100 bytes.
bool is_module_name(std::string_view name);
std::string join_modules(const std::vector<std::string>& modules);
// `fresh` before `known`, each name once, at most kModulesMax.
std::vector<std::string> merge_modules(const std::vector<std::string>& fresh, const std::vector<std::string>& known);

struct Datagram {
  std::string text;
  std::vector<Fd> descriptors;
};
enum class Receive { message, nothing, closed };
Receive receive_datagram(int socket, Datagram& datagram);
bool send_datagram(int socket, std::string_view text, const std::vector<int>& descriptors = {});

}  // namespace agent

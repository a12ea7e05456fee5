#include "agent/control.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "agent/limits.h"

namespace agent {
namespace {

constexpr std::size_t kDescriptorsMax = 8;

}  // namespace

std::string ControlMessage::value(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

pid_t ControlMessage::pid(const std::string& key) const {
  const std::string text = value(key);
  pid_t pid = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), pid);
  const bool fine = failed == std::errc{} && end == text.data() + text.size() && pid > 1 && pid != ::getpid();
  return fine ? pid : 0;
}

std::vector<std::string> ControlMessage::modules() const {
  std::vector<std::string> names;
  const std::string text = value("modules");
  for (std::size_t at = 0; at < text.size() && names.size() < kModulesMax;) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string name = text.substr(at, comma - at);
    if (is_module_name(name)) {
      names.push_back(name);
    }
    at = comma + 1;
  }
  return names;
}

ControlMessage parse_control(std::string_view datagram) {
  ControlMessage message;
  bool first = true;
  while (!datagram.empty()) {
    const std::size_t end = std::min(datagram.find('\n'), datagram.size());
    const std::string_view line = datagram.substr(0, end);
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
    const std::size_t equals = line.find('=');
    if (first) {
      const std::size_t space = line.find(' ');  // `verb key=value` is read too
      message.verb = line.substr(0, space);
      if (space != std::string_view::npos && equals != std::string_view::npos && equals > space) {
        message.values.emplace(line.substr(space + 1, equals - space - 1), line.substr(equals + 1));
      }
    } else if (equals != std::string_view::npos) {
      message.values.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    first = false;
  }
  return message;
}

std::string encode_control(const ControlMessage& message) {
  std::string text = message.verb;
  for (const auto& [key, value] : message.values) {
    text.append("\n").append(key).append("=").append(value);
  }
  return text;
}

bool is_module_name(std::string_view name) {
  constexpr std::size_t kNameBytesMax = 100;
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.';
  });
}

std::string join_modules(const std::vector<std::string>& modules) {
  std::string joined;
  for (const auto& name : modules) {
    joined += (joined.empty() ? "" : ",") + name;
  }
  return joined;
}

std::vector<std::string> merge_modules(const std::vector<std::string>& fresh, const std::vector<std::string>& known) {
  std::vector<std::string> merged;
  for (const auto* names : {&fresh, &known}) {
    for (const auto& name : *names) {
      if (merged.size() < kModulesMax && std::find(merged.begin(), merged.end(), name) == merged.end()) {
        merged.push_back(name);
      }
    }
  }
  return merged;
}

Receive receive_datagram(int socket, Datagram& datagram) {
  datagram.descriptors.clear();
  datagram.text.resize(kDatagramBytesMax);
  iovec part{datagram.text.data(), datagram.text.size()};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(kDescriptorsMax * sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary;
  header.msg_controllen = sizeof ancillary;
  const ssize_t bytes = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (bytes < 0) {
    return errno == EAGAIN || errno == EINTR ? Receive::nothing : Receive::closed;
  }
  for (cmsghdr* part_of = CMSG_FIRSTHDR(&header); part_of != nullptr; part_of = CMSG_NXTHDR(&header, part_of)) {
    if (part_of->cmsg_level == SOL_SOCKET && part_of->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (part_of->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part_of) + i * sizeof(int), sizeof fd);
        datagram.descriptors.emplace_back(fd);
      }
    }
  }
  datagram.text.resize(static_cast<std::size_t>(bytes));
  return bytes == 0 ? Receive::closed : Receive::message;
}

bool send_datagram(int socket, std::string_view text, const std::vector<int>& descriptors) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(kDescriptorsMax * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t bytes = descriptors.size() * sizeof(int);
    header.msg_control = ancillary;
    header.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(rights), descriptors.data(), bytes);
  }
  return ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(text.size());
}

}  // namespace agent

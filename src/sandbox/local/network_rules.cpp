#include "sandbox/local/network_rules.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <array>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace sandbox::local {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kClosed4 =
    "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24, "
    "192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/3";
// Those that carry IPv4 inside (mapped, NAT64, 6to4, Teredo) are closed too: they would lead around the list above.
constexpr std::string_view kClosed6 =
    "::/96, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, 100::/64, 2001::/23, 2001:db8::/32, 2002::/16, 3fff::/20, "
    "5f00::/16, fc00::/7, fe80::/10, fec0::/10, ff00::/8";

std::string with_length(std::string_view text, std::string_view length) {
  return std::string(text) + (text.find('/') == std::string_view::npos ? std::string(length) : std::string());
}

bool is_network4(std::string_view text) {
  boost::system::error_code error;
  ip::make_network_v4(with_length(text, "/32"), error);
  return !error;
}

bool is_network6(std::string_view text) {
  boost::system::error_code error;
  ip::make_network_v6(with_length(text, "/128"), error);
  return !error;
}

}  // namespace

bool is_network(std::string_view text) {
  return is_network4(text) || is_network6(text);
}

std::vector<std::string> own_addresses() {
  std::vector<std::string> addresses;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const sockaddr* address = entry->ifa_addr;
    if (address == nullptr) continue;
    const void* bytes = nullptr;
    if (address->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    if (address->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (bytes != nullptr && ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) != nullptr) {
      addresses.emplace_back(text.data());
    }
  }
  ::freeifaddrs(first);
  return addresses;
}

std::string network_rules(const std::vector<std::string>& allow, const std::vector<std::string>& own) {
  std::string exceptions;
  for (const std::string& network : allow) {
    if (!is_network(network)) continue;
    exceptions += std::string(is_network4(network) ? "ip" : "ip6") + " daddr " + network + " accept\n";
  }
  for (const std::string& address : own) {
    exceptions += std::string(is_network4(address) ? "ip" : "ip6") + " daddr " + address +
                  " reject with icmpx type admin-prohibited\n";
  }
  return "table inet forge {\nchain out {\ntype filter hook output priority 0; policy accept;\n"
         "oif \"lo\" accept\n"
         "ip daddr 10.0.2.3 udp dport 53 accept\nip daddr 10.0.2.3 tcp dport 53 accept\n" +
         exceptions + "ip daddr { " + std::string(kClosed4) + " } reject with icmpx type admin-prohibited\n" +
         "ip6 nexthdr ipv6-icmp icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept\n"
         "ip6 daddr { " +
         std::string(kClosed6) + " } reject with icmpx type admin-prohibited\n}\n}\n";
}

}  // namespace sandbox::local

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sandbox::local {

// An IPv4 or IPv6 address or network, as 192.0.2.0/24.
bool is_network(std::string_view text);

// The nftables rules of a sandbox's own network namespace: out to public addresses, to the network helper's resolver,
// and to `allow`; nothing to private, shared, link-local or reserved ones (RFC 6890 and its registries), nor to `own`,
// the addresses of this machine, which the helper would reach from inside its firewall.
std::string network_rules(const std::vector<std::string>& allow, const std::vector<std::string>& own);

// Of this machine's interfaces, as they are now.
std::vector<std::string> own_addresses();

}  // namespace sandbox::local

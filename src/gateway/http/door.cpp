#include "gateway/http/door.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/field.hpp>

namespace gateway::http {
namespace {

using boost::beast::http::field;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// "example:5000" -> "example"; "[::1]:5000" -> "[::1]".
std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  const std::string_view port = host.substr(colon + 1);
  const bool digits = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? host.substr(0, colon) : host;
}

bool is_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(host), error);
  return !error;
}

std::string as_host(const std::string& address) {
  return address.find(':') == std::string::npos ? lower(address) : "[" + lower(address) + "]";
}

struct Origin {
  std::string_view scheme;
  std::string_view host;  // with port
};

// Empty parts where `origin` is not that of a web page ("null" for one).
Origin split(std::string_view origin) {
  for (const std::string_view scheme : {std::string_view("http"), std::string_view("https")}) {
    if (!origin.starts_with(scheme) || !origin.substr(scheme.size()).starts_with("://")) continue;
    return {scheme, origin.substr(scheme.size() + 3)};
  }
  return {};
}

std::string_view without_default_port(std::string_view host, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

std::string normal_origin(std::string_view text) {
  std::string origin = lower(text);
  const Origin parts = split(origin);
  if (parts.scheme.empty()) return origin;
  return std::string(parts.scheme) + "://" + std::string(without_default_port(parts.host, parts.scheme));
}

std::string_view value_of(const Request& request, field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

// What a request sent goes into an answer only in part, and as plain text.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 100;
  std::string result = "\"";
  for (const char c : text.substr(0, kShown)) result += c >= ' ' && c < 0x7F ? c : '?';
  return result + (text.size() > kShown ? "…\"" : "\"");
}

}  // namespace

Door::Door(const DoorOptions& options) : hosts_{"localhost", "127.0.0.1", "[::1]"} {
  boost::system::error_code error;
  const auto listening = boost::asio::ip::make_address(options.listen_address, error);
  any_address_ = !error && listening.is_unspecified();
  hosts_.push_back(as_host(options.listen_address));
  for (const std::string& host : options.allowed_hosts) hosts_.push_back(lower(host));
  for (std::string origin : options.allowed_origins) {
    while (origin.ends_with('/')) origin.pop_back();
    origins_.push_back(normal_origin(origin));
  }
}

std::string Door::refuse(const Request& request) const {
  if (request.count(field::host) != 1) return "The request must have one Host header.";
  const std::string_view host = value_of(request, field::host);
  if (!is_our_host(host)) {
    return "This server does not answer to the name " + quoted(host) +
           ". If the name is right, add it to FORGE_ALLOWED_HOSTS.";
  }
  if (request.count(field::origin) == 0) return {};
  if (request.count(field::origin) > 1) return "The request must have one Origin header at most.";
  const std::string origin = normal_origin(value_of(request, field::origin));
  const Origin parts = split(origin);
  const bool own = !parts.scheme.empty() && without_default_port(lower(host), parts.scheme) == parts.host;
  if (own || is_allowed_origin(origin)) return {};
  return "Pages from " + quoted(origin) + " may not use this server. If they should, add it to FORGE_ALLOWED_ORIGINS.";
}

std::optional<std::string> Door::cors_origin(const Request& request) const {
  if (request.count(field::origin) != 1) return std::nullopt;
  const std::string_view origin = value_of(request, field::origin);
  if (!is_allowed_origin(normal_origin(origin))) return std::nullopt;
  return std::string(origin);
}

bool Door::is_our_host(std::string_view text) const {
  const std::string host = lower(text);
  const std::string_view name = without_port(host);
  if (any_address_ && is_address(name)) return true;
  return std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const std::string& ours) { return ours == host || ours == name; });
}

bool Door::is_allowed_origin(std::string_view origin) const {
  return origin != "null" && std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

}  // namespace gateway::http

#include "gateway/http/cookie.h"

namespace gateway::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::optional<std::string> login_token(const std::string& cookie_header) {
  std::string_view rest = cookie_header;
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != kLoginCookie) continue;
    const std::string_view value = trim(pair.substr(equals + 1));
    if (!value.empty()) return std::string(value);
  }
  return std::nullopt;
}

std::string login_cookie(std::string_view token, std::chrono::seconds lifetime, CookieSecurity security) {
  std::string cookie = std::string(kLoginCookie) + "=" + std::string(token) +
                       "; HttpOnly; SameSite=Lax; Path=/; Max-Age=" + std::to_string(lifetime.count());
  if (security == CookieSecurity::tls) cookie += "; Secure";
  return cookie;
}

std::string expired_login_cookie(CookieSecurity security) {
  return login_cookie("", std::chrono::seconds(0), security);
}

}  // namespace gateway::http

#pragma once

// The login cookie.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::http {

inline constexpr std::string_view kLoginCookie = "forge_login";

enum class CookieSecurity { plain, tls };  // tls: browsers send it back over TLS only

// The login cookie's value in a request's Cookie header (RFC 6265, section 4.2).
std::optional<std::string> login_token(const std::string& cookie_header);

// Values for Set-Cookie.
std::string login_cookie(std::string_view token, std::chrono::seconds lifetime, CookieSecurity security);
std::string expired_login_cookie(CookieSecurity security);

}  // namespace gateway::http

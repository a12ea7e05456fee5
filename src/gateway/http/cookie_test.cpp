#include "gateway/http/cookie.h"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

TEST(LoginToken, IsFoundAmongOtherCookies) {
  EXPECT_EQ(login_token("forge_login=abc"), "abc");
  EXPECT_EQ(login_token("a=b; forge_login=abc; c=d"), "abc");
  EXPECT_EQ(login_token("a=b;forge_login=abc"), "abc");
  EXPECT_EQ(login_token("  forge_login = abc ;x"), "abc");
  EXPECT_EQ(login_token("forge_login=; forge_login=abc"), "abc");
}

TEST(LoginToken, IsAbsentWhereThereIsNone) {
  for (const char* header : {"", ";", "=", "forge_login", "forge_login=", "xforge_login=abc", "a=forge_login=b",
                             "forge_login2=abc", ";;;"}) {
    EXPECT_FALSE(login_token(header)) << header;
  }
}

TEST(LoginCookie, HasItsAttributes) {
  EXPECT_EQ(login_cookie("abc", std::chrono::hours(1), CookieSecurity::plain),
            "forge_login=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600");
  EXPECT_EQ(login_cookie("abc", std::chrono::hours(1), CookieSecurity::tls),
            "forge_login=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600; Secure");
  EXPECT_EQ(expired_login_cookie(CookieSecurity::plain), "forge_login=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
}

}  // namespace
}  // namespace gateway::http

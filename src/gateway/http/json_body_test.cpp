#include "gateway/http/json_body.h"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

std::string error_of(const std::string& text) {
  const auto body = JsonBody::parse(text);
  if (!body) return body.error().message();
  const auto email = body->text("email");
  return email ? "" : email.error().message();
}

TEST(JsonBody, GivesTheTextOfItsFields) {
  const auto body = JsonBody::parse(R"({"email": "a:b\"{,}\\", "other": {"email": 1, "x": [{"y": ":"}]}})");
  ASSERT_TRUE(body) << body.error().message();
  EXPECT_EQ(body->text("email").value(), "a:b\"{,}\\");
  EXPECT_EQ(body->optional_text("password").value(), std::nullopt);
  EXPECT_EQ(JsonBody::parse("{\"email\": \"a\\u0000b\"}")->text("email").value(), std::string("a\0b", 3));
}

TEST(JsonBody, SaysWhatIsWrong) {
  EXPECT_NE(error_of("").find("not JSON"), std::string::npos);
  EXPECT_NE(error_of("email=a").find("not JSON"), std::string::npos);
  EXPECT_NE(error_of("{\"email\": \"a\"").find("not JSON"), std::string::npos);
  EXPECT_NE(error_of("{\"email\": \"a\"} x").find("not JSON"), std::string::npos);
  EXPECT_NE(error_of("{\"email\": \"\\ud800\"}").find("not JSON"), std::string::npos);
  EXPECT_NE(error_of("{\"email\": \"\xff\"}").find("not JSON"), std::string::npos);
  EXPECT_NE(error_of(std::string(1'000'000, '[')).find("not JSON"), std::string::npos);
  EXPECT_NE(error_of("[{\"email\": \"a\"}]").find("JSON object"), std::string::npos);
  EXPECT_NE(error_of("null").find("JSON object"), std::string::npos);
  EXPECT_EQ(error_of("{\"email\": \"a\", \"x\": 1, \"email\": \"b\"}"), "The body has one field twice.");
  EXPECT_EQ(error_of("{\"email\": \"a\", \"em\\u0061il\": \"b\"}"), "The body has one field twice.");
  EXPECT_EQ(error_of("{}"), "email is missing.");
  for (const char* value : {"1", "null", "true", "[]", "{}", "1.5"}) {
    EXPECT_EQ(error_of(std::string("{\"email\": ") + value + "}"), "email must be a string.");
  }
}

}  // namespace
}  // namespace gateway::http

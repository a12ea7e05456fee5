#include "gateway/http/door.h"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

using boost::beast::http::field;

std::string refusal(const Door& door, const std::string& host, const std::string& origin = "") {
  Request request(boost::beast::http::verb::get, "/", 11);
  request.set(field::host, host);
  if (!origin.empty()) request.set(field::origin, origin);
  return door.refuse(request);
}

TEST(Door, LetsLoopbackInUnderItsOwnNames) {
  const Door door({});
  for (const char* host : {"localhost", "localhost:5000", "LOCALHOST:5000", "127.0.0.1:5000", "[::1]:5000", "[::1]"}) {
    EXPECT_EQ(refusal(door, host), "") << host;
  }
}

TEST(Door, RefusesOtherNames) {
  const Door door({});
  for (const char* host : {"evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example",
                           "192.168.1.2:5000", "127.0.0.1@evil.example", "", ":5000", "localhost:5000:5000x", "::1"}) {
    EXPECT_NE(refusal(door, host), "") << host;
  }
  EXPECT_EQ(refusal(door, "evil.example"),
            "This server does not answer to the name \"evil.example\". If the name is right, add it to "
            "FORGE_ALLOWED_HOSTS.");
}

TEST(Door, NeedsOneHostAndAtMostOneOrigin) {
  const Door door({});
  Request request(boost::beast::http::verb::get, "/", 11);
  EXPECT_NE(door.refuse(request), "");
  request.insert(field::host, "localhost");
  EXPECT_EQ(door.refuse(request), "");
  request.insert(field::host, "localhost");
  EXPECT_NE(door.refuse(request), "");
  request.set(field::host, "localhost");
  request.insert(field::origin, "http://localhost");
  request.insert(field::origin, "http://localhost");
  EXPECT_NE(door.refuse(request), "");
}

TEST(Door, LetsItsOwnPagesIn) {
  const Door door({.listen_address = "127.0.0.1", .allowed_hosts = {"Forge.example"}});
  EXPECT_EQ(refusal(door, "localhost:5000", "http://localhost:5000"), "");
  EXPECT_EQ(refusal(door, "localhost:5000", "HTTP://LOCALHOST:5000"), "");
  EXPECT_EQ(refusal(door, "localhost", "http://localhost:80"), "");
  EXPECT_EQ(refusal(door, "forge.example", "https://forge.example"), "");
  EXPECT_EQ(refusal(door, "forge.example:443", "https://forge.example"), "");
  EXPECT_EQ(refusal(door, "[::1]:5000", "http://[::1]:5000"), "");
}

TEST(Door, RefusesForeignPages) {
  const Door door({});
  for (const char* origin : {"null", "http://evil.example", "http://localhost:3000", "http://localhost",
                             "http://127.0.0.1:5000", "https://localhost", "file://", "chrome-extension://abc",
                             "http://localhost:5000.evil.example", "http://localhost:5000/", "localhost:5000"}) {
    EXPECT_NE(refusal(door, "localhost:5000", origin), "") << origin;
  }
}

TEST(Door, SettingsAddHostsAndOrigins) {
  const Door door({.listen_address = "10.0.0.7",
                   .allowed_hosts = {"forge.example", "other.example:8443"},
                   .allowed_origins = {"https://App.example/", "http://localhost:5173", "null"}});
  EXPECT_EQ(refusal(door, "10.0.0.7:5000"), "");
  EXPECT_EQ(refusal(door, "forge.example:1234"), "");
  EXPECT_EQ(refusal(door, "other.example:8443"), "");
  EXPECT_NE(refusal(door, "other.example"), "");
  EXPECT_NE(refusal(door, "10.0.0.8:5000"), "");
  EXPECT_EQ(refusal(door, "localhost:5000", "https://app.example"), "");
  EXPECT_EQ(refusal(door, "localhost:5000", "http://localhost:5173"), "");
  EXPECT_NE(refusal(door, "localhost:5000", "null"), "");
  EXPECT_NE(refusal(door, "localhost:5000", "http://app.example"), "");
}

TEST(Door, ListeningEverywhereEveryAddressIsOursButNoName) {
  for (const char* address : {"0.0.0.0", "::"}) {
    const Door door({.listen_address = address});
    EXPECT_EQ(refusal(door, "192.168.1.2:5000", "http://192.168.1.2:5000"), "");
    EXPECT_EQ(refusal(door, "[fe80::1]:5000"), "");
    EXPECT_NE(refusal(door, "evil.example:5000"), "");
  }
}

TEST(Door, CorsIsForAllowedOriginsAlone) {
  const Door door({.allowed_origins = {"https://app.example"}});
  Request request(boost::beast::http::verb::get, "/", 11);
  request.set(field::host, "localhost:5000");
  EXPECT_FALSE(door.cors_origin(request));
  request.set(field::origin, "http://localhost:5000");
  EXPECT_FALSE(door.cors_origin(request));
  request.set(field::origin, "https://app.example");
  EXPECT_EQ(door.cors_origin(request), "https://app.example");
}

TEST(Door, ARefusalShowsNoControlCharacters) {
  const std::string text = refusal(Door({}), "a\"\x01\xff" + std::string(5'000, 'b'));
  EXPECT_LT(text.size(), 300u);
  EXPECT_EQ(text.find('\x01'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

}  // namespace
}  // namespace gateway::http

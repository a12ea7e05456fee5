#include "sandbox/local/network_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandbox::local {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(NetworkRules, RefuseThisMachinesAddressesAfterWhatIsAllowed) {
  const std::string rules = network_rules({"198.51.100.0/24"}, {"198.51.100.7", "2001:db8::7"});
  const std::size_t allowed = rules.find("ip daddr 198.51.100.0/24 accept\n");
  const std::size_t own = rules.find("ip daddr 198.51.100.7 reject");
  EXPECT_NE(allowed, std::string::npos);
  EXPECT_NE(own, std::string::npos);
  EXPECT_LT(allowed, own);
  EXPECT_THAT(rules, HasSubstr("ip6 daddr 2001:db8::7 reject"));
}

TEST(NetworkRules, AllowNothingThatIsNoNetwork) {
  EXPECT_THAT(network_rules({"here } accept", ""}, {}), Not(HasSubstr("here")));
  EXPECT_TRUE(is_network("192.0.2.0/24"));
  EXPECT_TRUE(is_network("2001:db8::/32"));
  EXPECT_TRUE(is_network("192.0.2.1"));
  EXPECT_FALSE(is_network("192.0.2.0/33"));
  EXPECT_FALSE(is_network("example.org"));
}

TEST(NetworkRules, KnowThisMachinesAddresses) {
  EXPECT_THAT(own_addresses(), Contains("127.0.0.1"));
}

}  // namespace
}  // namespace sandbox::local

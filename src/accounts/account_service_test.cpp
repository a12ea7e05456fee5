#include "accounts/account_service.h"

#include <gtest/gtest.h>

#include <future>
#include <set>

#include "accounts/account_store_fake.h"
#include "accounts/tokens.h"
#include "base/run_to_end.h"

namespace accounts {
namespace {

class AccountServiceTest : public testing::Test {
 protected:
  base::Result<Registration> add(const std::string& username, const std::string& email,
                                 std::optional<std::string> password = std::nullopt) {
    return base::run_to_end(open_.register_account(username, email, std::move(password)));
  }
  std::string container_id(const std::string& username) {
    auto registration = add(username, std::to_string(++people_) + "@example.com");
    return registration ? registration->account.container_id : registration.error().message();
  }
  static bool is_dns_label(const std::string& id) {
    return !id.empty() && id.size() <= 63 && id.front() != '-' && id.back() != '-' &&
           id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  }

  std::shared_ptr<FakeAccountStore> store_ = std::make_shared<FakeAccountStore>();
  AccountService open_{store_, OpenMode::on};
  AccountService closed_{store_, OpenMode::off};
  int people_ = 0;
};

TEST(PlainContainerId, FollowsTheContract) {
  EXPECT_EQ(plain_container_id("alice"), "alice");
  EXPECT_EQ(plain_container_id("Alice Smith"), "alice-smith");
  EXPECT_EQ(plain_container_id("a.b"), "a-b");
  EXPECT_EQ(plain_container_id("--a--b--"), "a--b");
  EXPECT_EQ(plain_container_id("../../etc"), "etc");
  EXPECT_EQ(plain_container_id("jörg"), "j-rg");
  EXPECT_EQ(plain_container_id("a🐍b"), "a-b");
  EXPECT_EQ(plain_container_id("***"), "");
  EXPECT_EQ(plain_container_id(""), "");
  EXPECT_EQ(plain_container_id("\xff\xfe\x80"), "");
}

TEST_F(AccountServiceTest, TheSameEmailAgainChangesNothing) {
  const auto first = add("alice", "alice@example.com").value();
  EXPECT_TRUE(first.created);
  const auto again = add("mallory", "alice@example.com", "a new password").value();
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.account.id, first.account.id);
  EXPECT_EQ(again.account.username, "alice");
  EXPECT_EQ(again.account.password_hash, "");
  EXPECT_TRUE(base::run_to_end(open_.login("alice@example.com", std::nullopt)));
}

TEST_F(AccountServiceTest, NamesThatComeOutAlikeGetContainersOfTheirOwn) {
  EXPECT_EQ(container_id("a.b"), "a-b");
  EXPECT_EQ(container_id("a-b"), "a-b-2");
  EXPECT_EQ(container_id("a b"), "a-b-3");
  std::set<std::string> ids;
  for (int i = 0; i < 30; ++i) {
    const std::string id = container_id("A/B");
    EXPECT_TRUE(is_dns_label(id)) << id;
    EXPECT_TRUE(id.starts_with("a-b-")) << id;
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
}

TEST_F(AccountServiceTest, NamesOfAllKindsGiveADnsLabel) {
  const std::vector<std::string> names = {"***",
                                          "🐍🐍🐍",
                                          "../../etc",
                                          std::string(63, 'a'),
                                          std::string(63, 'a'),
                                          std::string(64, 'a'),
                                          "-",
                                          " ",
                                          std::string(256, 'b'),
                                          std::string(256, 'b'),
                                          "'; --",
                                          "\xF0\x9F",
                                          std::string(62, 'c') + "-d",
                                          "0",
                                          std::string(53, 'e') + std::string(11, '-') + "f"};
  std::set<std::string> ids;
  for (const std::string& name : names) {
    const std::string id = container_id(name);
    EXPECT_TRUE(is_dns_label(id)) << name << ": " << id;
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
}

TEST_F(AccountServiceTest, ALongNameKeepsItsBeginning) {
  const std::string id = container_id(std::string(64, 'a'));
  EXPECT_EQ(id.size(), 63u);
  EXPECT_TRUE(id.starts_with(std::string(54, 'a') + "-")) << id;
}

TEST_F(AccountServiceTest, FieldsBeyondTheRulesAreNamed) {
  const auto message = [this](const std::string& name, const std::string& email,
                              std::optional<std::string> password = std::nullopt) {
    const auto result = add(name, email, std::move(password));
    if (result) return std::string("registered");
    EXPECT_EQ(result.error().code, Errc::invalid);
    return result.error().message();
  };
  EXPECT_EQ(message("", "a@b"), "username is empty.");
  EXPECT_EQ(message(std::string(10'000, 'a'), "a@b"), "username is too long: at most 256 characters.");
  EXPECT_EQ(message(std::string("a\0b", 3), "a@b"), "username has a control character in it.");
  EXPECT_EQ(message("a", ""), "email is empty.");
  EXPECT_EQ(message("a", std::string(321, 'a')), "email is too long: at most 320 bytes.");
  EXPECT_EQ(message("a", "a\nb"), "email has a control character in it.");
  EXPECT_EQ(message("a", "a@b", "1234567"), "password is too short: at least 8 bytes.");
  EXPECT_EQ(message("a", "a@b", std::string(1025, 'a')), "password is too long: at most 1024 bytes.");
  EXPECT_EQ(message("a", std::string(320, 'a'), std::string(1024, 'a')), "registered");
}

TEST_F(AccountServiceTest, AnAccountWithAPasswordAlwaysNeedsIt) {
  const auto account = add("alice", "alice@example.com", "correct horse").value().account;
  EXPECT_TRUE(account.password_hash.starts_with("$argon2id$")) << account.password_hash;
  for (AccountService* service : {&open_, &closed_}) {
    const auto login = [service](std::optional<std::string> password) {
      return base::run_to_end(service->login("alice@example.com", std::move(password)));
    };
    EXPECT_EQ(login(std::nullopt).error().code, LoginErrc::wrong_credentials);
    EXPECT_EQ(login("").error().code, LoginErrc::wrong_credentials);
    EXPECT_EQ(login("correct horsf").error().code, LoginErrc::wrong_credentials);
    EXPECT_EQ(login(std::string(5'000'000, 'x')).error().code, LoginErrc::wrong_credentials);
    EXPECT_EQ(login("correct horse").value().account.container_id, "alice");
  }
  EXPECT_EQ(base::run_to_end(open_.open_account("alice")).error().code, LoginErrc::wrong_credentials);
}

TEST_F(AccountServiceTest, OpenModeLetsInByEmailAlone) {
  add("alice", "alice@example.com").value();
  EXPECT_EQ(base::run_to_end(open_.login("alice@example.com", "ignored")).value().account.container_id, "alice");
  EXPECT_EQ(base::run_to_end(open_.open_account("alice")).value().email, "alice@example.com");
  EXPECT_EQ(base::run_to_end(open_.open_account("bob")).error().code, Errc::not_found);
  EXPECT_EQ(base::run_to_end(open_.login("bob@example.com", std::nullopt)).error().code, LoginErrc::unknown_email);
}

TEST_F(AccountServiceTest, ElsewhereUnknownEmailAndWrongPasswordLookAlike) {
  add("alice", "alice@example.com").value();
  add("bob", "bob@example.com", "correct horse").value();
  const auto unknown = base::run_to_end(closed_.login("carol@example.com", "a password"));
  const auto wrong = base::run_to_end(closed_.login("bob@example.com", "a password"));
  const auto without = base::run_to_end(closed_.login("alice@example.com", "a password"));
  EXPECT_EQ(unknown.error().code, LoginErrc::wrong_credentials);
  EXPECT_EQ(wrong.error().code, LoginErrc::wrong_credentials);
  EXPECT_EQ(without.error().code, LoginErrc::wrong_credentials);
  EXPECT_EQ(unknown.error().message(), wrong.error().message());
  EXPECT_EQ(base::run_to_end(closed_.open_account("alice")).error().code, LoginErrc::wrong_credentials);
  EXPECT_EQ(base::run_to_end(closed_.register_account("dave", "d@e", std::nullopt)).error().code, Errc::invalid);
}

TEST_F(AccountServiceTest, ALoginLastsUntilLogout) {
  add("alice", "alice@example.com").value();
  const std::string token = base::run_to_end(open_.login("alice@example.com", std::nullopt)).value().token;
  const std::string other = base::run_to_end(open_.login("alice@example.com", std::nullopt)).value().token;
  EXPECT_EQ(token.size(), 43u);
  EXPECT_NE(token, other);
  EXPECT_EQ(base::run_to_end(closed_.account_of(token)).value().email, "alice@example.com");
  EXPECT_EQ(base::run_to_end(open_.account_of("")).error().code, Errc::not_found);
  EXPECT_EQ(base::run_to_end(open_.account_of(login_token_hash(token))).error().code, Errc::not_found);
  EXPECT_TRUE(base::run_to_end(open_.logout(token)));
  EXPECT_EQ(base::run_to_end(open_.account_of(token)).error().code, Errc::not_found);
  EXPECT_TRUE(base::run_to_end(open_.account_of(other)));
}

TEST_F(AccountServiceTest, RegistrationsAtOnceMakeOneAccount) {
  std::vector<std::future<Registration>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(std::async(std::launch::async, [this] {
      return base::run_to_end(open_.register_account("alice", "alice@example.com", "correct horse")).value();
    }));
  }
  int created = 0;
  std::set<std::string> ids;
  for (auto& one : all) {
    const Registration registration = one.get();
    created += registration.created ? 1 : 0;
    ids.insert(registration.account.id);
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(ids.size(), 1u);
}

}  // namespace
}  // namespace accounts

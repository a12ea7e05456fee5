#pragma once

// What every AccountStore does. A store's test names its factory:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, AccountStoreContract, testing::Values(StoreFactory(make_store)));

#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "accounts/account_store.h"
#include "accounts/limits.h"
#include "base/run_to_end.h"

namespace accounts {

using StoreFactory = std::function<std::shared_ptr<AccountStore>()>;  // an empty one each time

class AccountStoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  static Account alice() {
    return {.id = "1",
            .username = "Älice 'Robert'); DROP TABLE accounts;--",
            .email = "alice@example.com",
            .container_id = "alice",
            .password_hash = "$argon2id$…"};
  }
  static Account bob() {
    return {.id = "2", .username = "bob", .email = "bob@example.com", .container_id = "bob", .password_hash = ""};
  }
  static void expect_same(const base::Result<Account>& actual, const Account& expected) {
    ASSERT_TRUE(actual) << actual.error().message();
    EXPECT_EQ(actual->id, expected.id);
    EXPECT_EQ(actual->username, expected.username);
    EXPECT_EQ(actual->email, expected.email);
    EXPECT_EQ(actual->container_id, expected.container_id);
    EXPECT_EQ(actual->password_hash, expected.password_hash);
  }
  static std::chrono::sys_seconds from_now(std::chrono::seconds time) {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + time;
  }

  base::Result<Account> create(const Account& account) { return base::run_to_end(store_->create(account)); }
  base::Result<void> add_login(const std::string& hash, const std::string& account, std::chrono::seconds time) {
    return base::run_to_end(store_->add_login({.token_hash = hash, .account_id = account, .expires = from_now(time)}));
  }
  base::Result<Account> find_by_login(const std::string& hash) { return base::run_to_end(store_->find_by_login(hash)); }

  std::shared_ptr<AccountStore> store_ = GetParam()();
};

TEST_P(AccountStoreContract, AnAccountIsFoundByEachOfItsNamesAsItWasGiven) {
  expect_same(create(alice()), alice());
  expect_same(create(bob()), bob());
  expect_same(base::run_to_end(store_->find_by_email("alice@example.com")), alice());
  expect_same(base::run_to_end(store_->find_by_container_id("alice")), alice());
  expect_same(base::run_to_end(store_->find_by_id("1")), alice());
  expect_same(base::run_to_end(store_->find_by_id("2")), bob());
}

TEST_P(AccountStoreContract, WhatIsNotThereIsNotFound) {
  ASSERT_TRUE(create(alice()));
  EXPECT_EQ(base::run_to_end(store_->find_by_email("Alice@example.com")).error().code, Errc::not_found);
  EXPECT_EQ(base::run_to_end(store_->find_by_container_id("alic")).error().code, Errc::not_found);
  EXPECT_EQ(base::run_to_end(store_->find_by_id("")).error().code, Errc::not_found);
  EXPECT_EQ(find_by_login("none").error().code, Errc::not_found);
}

TEST_P(AccountStoreContract, ATakenEmailOrContainerIdChangesNothing) {
  ASSERT_TRUE(create(alice()));
  Account same_email = bob();
  same_email.email = alice().email;
  EXPECT_EQ(create(same_email).error().code, Errc::email_taken);
  Account same_container = bob();
  same_container.container_id = alice().container_id;
  EXPECT_EQ(create(same_container).error().code, Errc::container_id_taken);
  Account both = same_email;
  both.container_id = alice().container_id;
  EXPECT_EQ(create(both).error().code, Errc::email_taken);
  expect_same(base::run_to_end(store_->find_by_email(alice().email)), alice());
  EXPECT_EQ(base::run_to_end(store_->find_by_id("2")).error().code, Errc::not_found);
}

TEST_P(AccountStoreContract, ALoginLeadsToItsAccountUntilItIsRemoved) {
  ASSERT_TRUE(create(alice()));
  ASSERT_TRUE(create(bob()));
  ASSERT_TRUE(add_login("a", "1", std::chrono::hours(1)));
  ASSERT_TRUE(add_login("b", "2", std::chrono::hours(1)));
  expect_same(find_by_login("a"), alice());
  expect_same(find_by_login("b"), bob());
  EXPECT_TRUE(base::run_to_end(store_->remove_login("a")));
  EXPECT_TRUE(base::run_to_end(store_->remove_login("a")));
  EXPECT_EQ(find_by_login("a").error().code, Errc::not_found);
  expect_same(find_by_login("b"), bob());
}

TEST_P(AccountStoreContract, AnExpiredLoginIsNotFound) {
  ASSERT_TRUE(create(alice()));
  ASSERT_TRUE(add_login("old", "1", std::chrono::seconds(-1)));
  ASSERT_TRUE(add_login("now", "1", std::chrono::seconds(0)));
  EXPECT_EQ(find_by_login("old").error().code, Errc::not_found);
  EXPECT_EQ(find_by_login("now").error().code, Errc::not_found);
}

TEST_P(AccountStoreContract, ALoginNeedsAnAccount) {
  EXPECT_EQ(add_login("a", "1", std::chrono::hours(1)).error().code, Errc::not_found);
  EXPECT_EQ(find_by_login("a").error().code, Errc::not_found);
}

TEST_P(AccountStoreContract, BeyondTheLimitTheLoginThatEndsFirstGoes) {
  ASSERT_TRUE(create(alice()));
  ASSERT_TRUE(create(bob()));
  ASSERT_TRUE(add_login("bob's", "2", std::chrono::minutes(1)));
  for (std::size_t i = 0; i <= kLoginsPerAccountMax; ++i) {
    ASSERT_TRUE(add_login(std::to_string(i), "1", std::chrono::hours(i + 1)));
  }
  EXPECT_EQ(find_by_login("0").error().code, Errc::not_found);
  for (std::size_t i = 1; i <= kLoginsPerAccountMax; ++i) EXPECT_TRUE(find_by_login(std::to_string(i))) << i;
  EXPECT_TRUE(find_by_login("bob's"));
}

TEST_P(AccountStoreContract, OfManyRegistrationsAtOnceOneWins) {
  constexpr int kThreads = 8;
  std::vector<std::future<bool>> created;
  for (int i = 0; i < kThreads; ++i) {
    created.push_back(std::async(std::launch::async, [this, i] {
      Account account = alice();
      account.id = std::to_string(i);
      return create(account).has_value();
    }));
  }
  int winners = 0;
  for (auto& one : created) winners += one.get() ? 1 : 0;
  EXPECT_EQ(winners, 1);
}

}  // namespace accounts

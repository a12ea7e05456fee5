#include "accounts/sqlite/sqlite_store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "accounts/account_store_contract.h"

namespace accounts::sqlite {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "forge-accounts-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path file() const { return path_ / "accounts.db"; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A store with its folder, which goes with it.
std::shared_ptr<AccountStore> store_in_new_folder() {
  auto folder = std::make_shared<Folder>();
  auto store = open_store(folder->file()).value();
  auto* raw = store.get();
  return {raw, [folder = std::move(folder), store = std::move(store)](AccountStore*) mutable {
            store.reset();
            folder.reset();
          }};
}

void execute(const std::filesystem::path& file, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

Account alice() {
  return {.id = "1", .username = "alice", .email = "a@b", .container_id = "alice", .password_hash = ""};
}

std::string error_at_opening(const std::filesystem::path& file) {
  const auto store = open_store(file);
  if (store) return "";
  EXPECT_EQ(store.error().code, Errc::unavailable);
  return store.error().message();
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  EXPECT_EQ(stat(file.c_str(), &status), 0);
  return status.st_mode & 0777;
}

}  // namespace
}  // namespace accounts::sqlite

namespace accounts {

INSTANTIATE_TEST_SUITE_P(Sqlite, AccountStoreContract, testing::Values(StoreFactory(sqlite::store_in_new_folder)));

}  // namespace accounts

namespace accounts::sqlite {
namespace {

TEST(SqliteStore, KeepsAccountsAndLoginsAcrossRestarts) {
  const Folder folder;
  const auto expires =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::hours(1);
  {
    auto store = open_store(folder.file()).value();
    ASSERT_TRUE(base::run_to_end(store->create(alice())));
    ASSERT_TRUE(base::run_to_end(store->add_login({.token_hash = "t", .account_id = "1", .expires = expires})));
  }
  auto store = open_store(folder.file()).value();
  EXPECT_EQ(base::run_to_end(store->find_by_login("t")).value().email, "a@b");
}

TEST(SqliteStore, TwoServersShareOneFile) {
  const Folder folder;
  auto one = open_store(folder.file()).value();
  auto other = open_store(folder.file()).value();
  ASSERT_TRUE(base::run_to_end(one->create(alice())));
  EXPECT_TRUE(base::run_to_end(other->find_by_email("a@b")));
  EXPECT_EQ(base::run_to_end(other->create(alice())).error().code, Errc::email_taken);
}

TEST(SqliteStore, FilesAreForThisUserAlone) {
  const Folder folder;
  std::ofstream(folder.file()).close();
  std::filesystem::permissions(folder.file(), std::filesystem::perms(0644));
  auto store = open_store(folder.file()).value();
  ASSERT_TRUE(base::run_to_end(store->create(alice())));
  EXPECT_EQ(mode_of(folder.file()), 0600u);
  EXPECT_EQ(mode_of(folder.file().string() + "-wal"), 0600u);
}

TEST(SqliteStore, ANewerVersionsFileIsRefusedAndLeftAlone) {
  const Folder folder;
  (void)open_store(folder.file()).value();
  execute(folder.file(), "PRAGMA user_version = 99");
  EXPECT_NE(error_at_opening(folder.file()).find("newer version"), std::string::npos);
  execute(folder.file(), "PRAGMA user_version = 1");
  EXPECT_EQ(error_at_opening(folder.file()), "");
}

TEST(SqliteStore, WhatIsNotADatabaseIsRefused) {
  const Folder folder;
  std::ofstream(folder.file()) << std::string(10'000, 'x');
  EXPECT_NE(error_at_opening(folder.file()).find("damaged"), std::string::npos);
}

TEST(SqliteStore, ADamagedFileIsRefused) {
  const Folder folder;
  {
    auto store = open_store(folder.file()).value();
    ASSERT_TRUE(base::run_to_end(store->create(alice())));
  }
  const auto size = std::filesystem::file_size(folder.file());
  ASSERT_GT(size, 8'192u);
  std::fstream file(folder.file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4'096);
  file << std::string(size - 4'096, '\xAA');
  file.close();
  EXPECT_NE(error_at_opening(folder.file()).find("damaged"), std::string::npos);
}

TEST(SqliteStore, AMissingFolderIsNamed) {
  const Folder folder;
  const std::string error = error_at_opening(folder.path() / "none" / "accounts.db");
  EXPECT_NE(error.find("No such file or directory"), std::string::npos) << error;
  EXPECT_NE(error.find("none/accounts.db"), std::string::npos) << error;
}

TEST(SqliteStore, ALockedDatabaseIsAPlainErrorAndGoesOnAfterwards) {
  const Folder folder;
  auto store = open_store(folder.file()).value();
  ASSERT_TRUE(base::run_to_end(store->create(alice())));
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(folder.file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  Account bob = alice();
  bob.id = bob.email = bob.container_id = "bob";
  const auto refused = base::run_to_end(store->create(bob));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().message().find("locked"), std::string::npos);
  EXPECT_TRUE(base::run_to_end(store->find_by_email("a@b")));
  sqlite3_close(handle);
  EXPECT_TRUE(base::run_to_end(store->create(bob)));
}

}  // namespace
}  // namespace accounts::sqlite

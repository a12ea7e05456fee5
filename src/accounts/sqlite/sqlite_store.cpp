#include "accounts/sqlite/sqlite_store.h"

#include <array>
#include <boost/asio/thread_pool.hpp>

#include "accounts/limits.h"
#include "accounts/sqlite/database.h"
#include "accounts/sqlite/schema.h"
#include "base/run_on.h"

namespace accounts::sqlite {
namespace {

using boost::asio::awaitable;

const std::string kSelectAccount =
    "SELECT accounts.id, accounts.username, accounts.email, accounts.container_id, accounts.password_hash FROM "
    "accounts ";

std::int64_t now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

// The statements, and what each call does with them. Runs on the store's thread alone.
class Tables {
 public:
  static base::Result<Tables> make(Database database) {
    Tables tables;
    tables.database_ = std::move(database);
    for (const auto& [statement, sql] : tables.statements()) {
      auto prepared = tables.database_.prepare(sql);
      if (!prepared) return prepared.error();
      *statement = std::move(*prepared);
    }
    return tables;
  }
  Tables() = default;

  base::Result<Account> create(const Account& account) {
    Query insert(insert_account_, account.id, account.username, account.email, account.container_id,
                 account.password_hash);
    if (insert.step() == Query::Step::failed) return database_.error();
    if (database_.changes() == 1) return account;
    const auto other = find(by_email_, account.email);
    if (other) return base::fail(Errc::email_taken);
    if (other.error().code != Errc::not_found) return other.error();
    return base::fail(Errc::container_id_taken);
  }

  base::Result<Account> find_by_email(const std::string& email) { return find(by_email_, email); }
  base::Result<Account> find_by_container_id(const std::string& id) { return find(by_container_id_, id); }
  base::Result<Account> find_by_id(const std::string& id) { return find(by_id_, id); }
  base::Result<Account> find_by_login(const std::string& token_hash) {
    return find(by_login_, token_hash, now_seconds());
  }

  base::Result<void> add_login(const Login& login) {
    if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
    auto added = add_login_within_transaction(login);
    if (added) added = database_.execute("COMMIT");
    if (!added) (void)database_.execute("ROLLBACK");
    return added;
  }

  base::Result<void> remove_login(const std::string& token_hash) { return run(delete_login_, token_hash); }

 private:
  struct Prepared {
    Statement* statement;
    std::string sql;
  };

  std::array<Prepared, 9> statements() {
    return {{
        {&insert_account_,
         "INSERT INTO accounts (id, username, email, container_id, password_hash) VALUES (?1, ?2, ?3, ?4, ?5) "
         "ON CONFLICT DO NOTHING"},
        {&by_id_, kSelectAccount + "WHERE id = ?1"},
        {&by_email_, kSelectAccount + "WHERE email = ?1"},
        {&by_container_id_, kSelectAccount + "WHERE container_id = ?1"},
        {&by_login_,
         kSelectAccount +
             "JOIN logins ON logins.account_id = accounts.id WHERE logins.token_hash = ?1 AND logins.expires > ?2"},
        {&insert_login_, "INSERT OR REPLACE INTO logins (token_hash, account_id, expires) VALUES (?1, ?2, ?3)"},
        {&delete_login_, "DELETE FROM logins WHERE token_hash = ?1"},
        {&delete_expired_logins_, "DELETE FROM logins WHERE expires <= ?1"},
        {&delete_surplus_logins_,
         "DELETE FROM logins WHERE token_hash IN (SELECT token_hash FROM logins WHERE account_id = ?1 "
         "ORDER BY expires DESC LIMIT -1 OFFSET ?2)"},
    }};
  }

  template <class... Values>
  base::Result<Account> find(const Statement& statement, const Values&... values) {
    Query query(statement, values...);
    const Query::Step step = query.step();
    if (step == Query::Step::failed) return database_.error();
    if (step == Query::Step::done) return base::fail(Errc::not_found);
    return Account{.id = query.text(0),
                   .username = query.text(1),
                   .email = query.text(2),
                   .container_id = query.text(3),
                   .password_hash = query.text(4)};
  }

  template <class... Values>
  base::Result<void> run(const Statement& statement, const Values&... values) {
    Query query(statement, values...);
    if (query.step() == Query::Step::failed) return database_.error();
    return {};
  }

  base::Result<void> add_login_within_transaction(const Login& login) {
    if (auto account = find(by_id_, login.account_id); !account) return account.error();
    const std::int64_t expires = login.expires.time_since_epoch().count();
    auto done = run(insert_login_, login.token_hash, login.account_id, expires);
    if (done) done = run(delete_expired_logins_, now_seconds());
    if (done) done = run(delete_surplus_logins_, login.account_id, std::int64_t{kLoginsPerAccountMax});
    return done;
  }

  Database database_;  // outlives its statements
  Statement insert_account_, by_id_, by_email_, by_container_id_, by_login_;
  Statement insert_login_, delete_login_, delete_expired_logins_, delete_surplus_logins_;
};

class SqliteStore final : public AccountStore {
 public:
  explicit SqliteStore(Tables tables) : tables_(std::move(tables)) {}

  awaitable<base::Result<Account>> create(Account account) override {
    return base::run_on(thread_, [this, account = std::move(account)] { return tables_.create(account); });
  }
  awaitable<base::Result<Account>> find_by_email(std::string email) override {
    return base::run_on(thread_, [this, email = std::move(email)] { return tables_.find_by_email(email); });
  }
  awaitable<base::Result<Account>> find_by_container_id(std::string id) override {
    return base::run_on(thread_, [this, id = std::move(id)] { return tables_.find_by_container_id(id); });
  }
  awaitable<base::Result<Account>> find_by_id(std::string id) override {
    return base::run_on(thread_, [this, id = std::move(id)] { return tables_.find_by_id(id); });
  }
  awaitable<base::Result<void>> add_login(Login login) override {
    return base::run_on(thread_, [this, login = std::move(login)] { return tables_.add_login(login); });
  }
  awaitable<base::Result<Account>> find_by_login(std::string hash) override {
    return base::run_on(thread_, [this, hash = std::move(hash)] { return tables_.find_by_login(hash); });
  }
  awaitable<base::Result<void>> remove_login(std::string hash) override {
    return base::run_on(thread_, [this, hash = std::move(hash)] { return tables_.remove_login(hash); });
  }

 private:
  Tables tables_;
  boost::asio::thread_pool thread_{1};  // ends before the tables do
};

base::Result<std::shared_ptr<AccountStore>> make_store(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database) return database.error();
  // WAL: readers and the writer of several servers do not wait for each other. FULL: a registration that was answered
  // outlives a power cut.
  if (auto mode = database->text("PRAGMA journal_mode = WAL"); !mode) return mode.error();
  auto ready = database->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
  if (ready) ready = migrate(*database);
  if (!ready) return ready.error();
  const auto check = database->text("PRAGMA quick_check(1)");
  if (!check) return check.error();
  if (*check != "ok") {
    return base::fail(Errc::unavailable, "The accounts' database is damaged; restore it from a backup.");
  }
  auto tables = Tables::make(std::move(*database));
  if (!tables) return tables.error();
  return std::make_shared<SqliteStore>(std::move(*tables));
}

}  // namespace

base::Result<std::shared_ptr<AccountStore>> open_store(const std::filesystem::path& file) {
  auto store = make_store(file);
  if (store) return store;
  return base::Error{store.error().code, store.error().detail + " File: " + file.string()};
}

}  // namespace accounts::sqlite

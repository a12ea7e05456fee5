#include "accounts/sqlite/schema.h"

#include <array>

#include "accounts/account_store.h"

namespace accounts::sqlite {
namespace {

// Steps are only ever added.
constexpr std::array kSteps = {
    "CREATE TABLE accounts ("
    " id TEXT PRIMARY KEY,"
    " username TEXT NOT NULL,"
    " email TEXT NOT NULL UNIQUE,"
    " container_id TEXT NOT NULL UNIQUE,"
    " password_hash TEXT NOT NULL,"
    " created INTEGER NOT NULL DEFAULT (unixepoch())"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE logins ("
    " token_hash TEXT PRIMARY KEY,"
    " account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,"
    " expires INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX logins_by_account ON logins (account_id, expires);"
    "CREATE INDEX logins_by_expiry ON logins (expires);",
};

base::Result<void> take_missing_steps(Database& database) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version > std::ssize(kSteps)) {
    return base::fail(Errc::unavailable, "A newer version of this program wrote the accounts' database (schema " +
                                             std::to_string(*version) + ", this one knows " +
                                             std::to_string(kSteps.size()) +
                                             "); run that version, or restore a backup made before it.");
  }
  for (std::size_t step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) {
    if (auto done = database.execute(kSteps[step]); !done) return done;
  }
  return database.execute("PRAGMA user_version = " + std::to_string(kSteps.size()));
}

}  // namespace

base::Result<void> migrate(Database& database) {
  // IMMEDIATE: of several servers that start at once, one takes the steps.
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto taken = take_missing_steps(database);
  if (taken) taken = database.execute("COMMIT");
  if (!taken) (void)database.execute("ROLLBACK");
  return taken;
}

}  // namespace accounts::sqlite

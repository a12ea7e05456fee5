#pragma once

// Accounts in one SQLite file.

#include <filesystem>
#include <memory>

#include "accounts/account_store.h"
#include "base/result.h"

namespace accounts::sqlite {

// Opens the database, which is made (readable by this user alone) where there is none, and brings its schema up to
// date. Errc::unavailable says what is wrong with it: no permission, not a database, made by a newer version, damaged.
// Blocks; for start-up.
base::Result<std::shared_ptr<AccountStore>> open_store(const std::filesystem::path& file);

}  // namespace accounts::sqlite

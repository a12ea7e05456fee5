#pragma once

// The schema, as steps from each version to the next; PRAGMA user_version counts the steps taken.

#include "accounts/sqlite/database.h"

namespace accounts::sqlite {

// Takes the steps that are missing, all or none. Errc::unavailable where a newer version made the file.
base::Result<void> migrate(Database& database);

}  // namespace accounts::sqlite

#pragma once

// Database: a SQLite connection, for one thread at a time. Query: one use of a prepared statement.
// https://www.sqlite.org/c3ref/intro.html

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace accounts::sqlite {

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

class Database {
 public:
  // Makes the file, for this user alone, where there is none.
  static base::Result<Database> open(const std::filesystem::path& file);
  Database() = default;

  base::Result<void> execute(const std::string& sql);
  base::Result<Statement> prepare(std::string_view sql);
  base::Result<std::int64_t> number(const std::string& sql);  // the first column of the first row
  base::Result<std::string> text(const std::string& sql);
  std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }

  // What the last call failed with, in a plain sentence.
  base::Error error() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// Binds its arguments to ?1, ?2, … as text or integers; they must outlive it.
class Query {
 public:
  template <class... Values>
  Query(const Statement& statement, const Values&... values) : statement_(statement.get()) {
    int index = 0;
    (bind(++index, values), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  enum class Step { row, done, failed };
  Step step();

  std::string text(int column) const;
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  void bind(int index, const std::string& value);
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }

  sqlite3_stmt* statement_;
};

}  // namespace accounts::sqlite

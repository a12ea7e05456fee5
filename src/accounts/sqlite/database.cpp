#include "accounts/sqlite/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "accounts/account_store.h"

namespace accounts::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

// WAL's files take the mode of the database's.
std::error_code make_private_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return {errno, std::generic_category()};
  struct stat status {};
  const bool open_to_others = fstat(fd, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
  const int failed = open_to_others ? fchmod(fd, S_IRUSR | S_IWUSR) : 0;
  const std::error_code error{failed == 0 ? 0 : errno, std::generic_category()};
  ::close(fd);
  return error;
}

std::string sentence(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "The accounts' database is locked by another program; try again.";
    case SQLITE_FULL:
      return "The disk with the accounts' database is full; make room and try again.";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return "The accounts' database cannot be written; check the permissions of its file and folder.";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "The accounts' database is damaged; restore it from a backup.";
    default:
      return std::string("The accounts' database cannot be used: ") + sqlite3_errstr(code) + ".";
  }
}

}  // namespace

base::Result<Database> Database::open(const std::filesystem::path& file) {
  if (const std::error_code error = make_private_file(file)) {
    return base::fail(Errc::unavailable, "The accounts' database cannot be opened: " + error.message() + ".");
  }
  Database database;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  database.handle_.reset(handle);
  if (code != SQLITE_OK) return base::fail(Errc::unavailable, sentence(code));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

base::Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return {};
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error();
  return Statement(statement);
}

base::Result<std::int64_t> Database::number(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  Query query(*statement);
  if (query.step() != Query::Step::row) return error();
  return query.number(0);
}

base::Result<std::string> Database::text(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  Query query(*statement);
  if (query.step() != Query::Step::row) return error();
  return query.text(0);
}

base::Error Database::error() const {
  return base::fail(Errc::unavailable, sentence(sqlite3_extended_errcode(handle_.get())));
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query::Step Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return Step::row;
  return code == SQLITE_DONE ? Step::done : Step::failed;
}

std::string Query::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Query::bind(int index, const std::string& value) {
  sqlite3_bind_text64(statement_, index, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

}  // namespace accounts::sqlite

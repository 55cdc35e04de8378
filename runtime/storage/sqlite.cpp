#include "storage/sqlite.hpp"

#include <sqlite3.h>

#include <system_error>

namespace musiccorp::storage::sqlite {
namespace {

fault_kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
      return fault_kind::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fault_kind::busy;
    case SQLITE_TOOBIG:
      return fault_kind::too_large;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return fault_kind::internal;
    default:
      return fault_kind::storage;
  }
}

std::string_view advice_for(fault_kind kind, int code) {
  if ((code & 0xff) == SQLITE_FULL)
    return "; nothing of this transaction was kept: make room on the disk and try again";
  if (kind == fault_kind::corrupt) return "; stop the program, keep a copy of the file and restore it from a backup";
  if (kind == fault_kind::busy) return "; another program is writing to it";
  return "";
}

}  // namespace

fault trouble(sqlite3* connection, int code) {
  const auto kind = kind_of(code);
  const auto* name = connection != nullptr ? sqlite3_db_filename(connection, "main") : nullptr;
  auto text = std::string{name != nullptr ? name : "SQLite"} + ": " + sqlite3_errstr(code) + " (code " +
              std::to_string(code) + ")";
  if (connection != nullptr && sqlite3_extended_errcode(connection) == code) {
    if (const std::string_view said = sqlite3_errmsg(connection); said != sqlite3_errstr(code))
      text.append(": ").append(said);
    if (const auto system = sqlite3_system_errno(connection); system != 0 && kind == fault_kind::storage)
      text.append(": ").append(std::generic_category().message(system));
  }
  return fault{kind, text.append(advice_for(kind, code)), {}, {}};
}

std::string_view row::text(int column) const {
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(at_, column));
  return {start, start == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(at_, column))};
}

std::int64_t row::number(int column) const { return sqlite3_column_int64(at_, column); }

statement::~statement() { sqlite3_finalize(prepared_); }

void statement::give(std::string_view text) {
  const auto* start = text.data() == nullptr ? "" : text.data();  // A null pointer would mean NULL.
  const auto code = sqlite3_bind_text64(prepared_, ++given_, start, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK && refused_ == SQLITE_OK) refused_ = code;
}

void statement::give(std::int64_t number) {
  const auto code = sqlite3_bind_int64(prepared_, ++given_, number);
  if (code != SQLITE_OK && refused_ == SQLITE_OK) refused_ = code;
}

result<bool> statement::step() {
  const auto code = refused_ != SQLITE_OK ? refused_ : sqlite3_step(prepared_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto* const connection = sqlite3_db_handle(prepared_);
  const auto extended = refused_ != SQLITE_OK ? refused_ : sqlite3_extended_errcode(connection);
  return failure(trouble(connection, extended));
}

void statement::reset() noexcept {
  sqlite3_reset(prepared_);
  given_ = 0;
  refused_ = SQLITE_OK;
}

connection::~connection() { sqlite3_close_v2(handle_); }

result<connection> connection::open(const std::filesystem::path& file, bool create) {
  sqlite3* handle = nullptr;
  const auto flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (create ? SQLITE_OPEN_CREATE : 0);
  const auto code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  connection opened{handle};
  if (code != SQLITE_OK) {
    auto found = trouble(handle, code);
    if (found.text.find(file.native()) == std::string::npos) found.text.insert(0, file.native() + ": ");
    return failure(std::move(found));
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(handle, 1000);  // Only a person with a shell can hold the file.
  return opened;
}

void connection::checkpoint_at_close() { sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr); }

result<void> connection::run(const std::string& sql) {
  const auto code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(trouble(handle_, code));
  return {};
}

result<statement> connection::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const auto code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                       &prepared, nullptr);
  if (code != SQLITE_OK) return failure(trouble(handle_, code));
  return statement{prepared};
}

result<std::int64_t> connection::number(std::string_view sql) {
  auto prepared = prepare(sql);
  if (!prepared) return failure(prepared.error());
  std::int64_t found = 0;
  const auto read = prepared->each(std::tuple<>{}, [&](const row& at) {
    found = at.number(0);
    return false;
  });
  if (!read) return failure(read.error());
  return found;
}

bool connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

void connection::forget_failed_commit() noexcept {
  sqlite3_file* main = nullptr;
  sqlite3_file* wal = nullptr;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &main);
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (wal == nullptr || wal->pMethods == nullptr || main->pMethods->iVersion < 2) return;
  // The transaction keeps other writers out.
  if (sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) return;
  void volatile* index = nullptr;
  if (main->pMethods->xShmMap(main, 0, 32768, 0, &index) == SQLITE_OK && index != nullptr) {
    // sqlite.org/walformat.html: the index holds the page size at byte 14 and the committed frames at byte 16; the
    // log has a header of 32 bytes and one of 24 before each page.
    const auto* start = static_cast<const volatile unsigned char*>(index);
    const auto page_field = *reinterpret_cast<const volatile std::uint16_t*>(start + 14);
    const auto frames = *reinterpret_cast<const volatile std::uint32_t*>(start + 16);
    const sqlite3_int64 page = page_field == 1 ? 65536 : page_field;
    wal->pMethods->xTruncate(wal, frames == 0 ? 0 : 32 + frames * (24 + page));
  }
  sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::int64_t connection::rows_written() const { return sqlite3_total_changes64(handle_); }

}  // namespace musiccorp::storage::sqlite

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite's C API as values with an end. Private to this room. One owner thread; no locking.
namespace musiccorp::storage::sqlite {

using base::instant;

/// What SQLite's `code` means for a caller: fault{storage}, {corrupt} or {busy}, whose text names the file and says
/// what SQLite and the operating system said.
[[nodiscard]] fault trouble(sqlite3* connection, int code);

/// The row a statement stands on. Texts are valid until the statement moves on.
class row {
 public:
  explicit row(sqlite3_stmt* at) : at_(at) {}
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;

  /// Fills the fields from the columns, in order, starting with column `first`.
  template <class... Fields>
  void read(const std::tuple<Fields&...>& fields, int first = 0) const {
    std::apply([&](auto&... field) { (take(first++, field), ...); }, fields);
  }

 private:
  void take(int column, std::string& field) const { field = text(column); }
  void take(int column, instant& field) const { field = instant{base::duration{number(column)}}; }
  template <class Number>
  requires std::is_integral_v<Number> || std::is_enum_v<Number>
  void take(int column, Number& field) const { field = static_cast<Number>(number(column)); }

  sqlite3_stmt* at_;
};

/// A prepared statement, used many times. Values are bound without copies and must live until the call returns.
class statement {
 public:
  statement() = default;
  explicit statement(sqlite3_stmt* prepared) : prepared_(prepared) {}
  statement(statement&& other) noexcept : prepared_(std::exchange(other.prepared_, nullptr)) {}
  statement& operator=(statement&& other) noexcept {
    std::swap(prepared_, other.prepared_);
    return *this;
  }
  ~statement();

  /// Runs it to the end with these values for ?1, ?2 ...
  template <class... Values>
  [[nodiscard]] result<void> run(const std::tuple<Values...>& values = {}) {
    return each(values, [](const row&) { return true; });
  }

  /// Calls `visit(row)` for every row of the answer until it returns false.
  template <class... Values, class Visit>
  [[nodiscard]] result<void> each(const std::tuple<Values...>& values, Visit visit) {
    const finish at_the_end{*this};
    std::apply([&](const auto&... value) { (give(value), ...); }, values);
    for (;;) {
      const auto more = step();
      if (!more) return failure(more.error());
      if (!*more || !visit(row{prepared_})) return {};
    }
  }

 private:
  struct finish {
    statement& of;
    ~finish() { of.reset(); }
  };

  void give(std::string_view text);
  void give(std::int64_t number);
  void give(instant time) { give(static_cast<std::int64_t>(time.time_since_epoch().count())); }
  template <class Number>
  requires std::is_integral_v<Number> || std::is_enum_v<Number>
  void give(Number number) { give(static_cast<std::int64_t>(number)); }
  [[nodiscard]] result<bool> step();
  void reset() noexcept;

  sqlite3_stmt* prepared_ = nullptr;
  int given_ = 0;
  int refused_ = 0;  ///< SQLite's first no while values were given
};

/// One connection to one file.
class connection {
 public:
  connection() = default;
  connection(connection&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  connection& operator=(connection&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~connection();

  /// Opens the file for reading and writing; makes it only when `create`. Until `checkpoint_at_close` is called,
  /// closing leaves file and WAL as they are.
  [[nodiscard]] static result<connection> open(const std::filesystem::path& file, bool create);
  void checkpoint_at_close();

  /// One or more statements without values.
  [[nodiscard]] result<void> run(const std::string& sql);
  [[nodiscard]] result<statement> prepare(std::string_view sql);
  /// The first column of the first row as a number; 0 when there is no row.
  [[nodiscard]] result<std::int64_t> number(std::string_view sql);
  [[nodiscard]] bool in_transaction() const;
  /// After a commit that failed and was rolled back: cuts its remains off the write-ahead log. When the fsync failed,
  /// they are complete, and SQLite would take them for a commit if it had to recover after the death of this process.
  void forget_failed_commit() noexcept;
  /// Rows written since it was opened, those of transactions that were rolled back too.
  [[nodiscard]] std::int64_t rows_written() const;

 private:
  explicit connection(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

}  // namespace musiccorp::storage::sqlite

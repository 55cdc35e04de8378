#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace musiccorp::testing {

/// A service's store file read from outside, with nothing of our own code in between.
class store_reader {
 public:
  explicit store_reader(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    file_.reset(opened);
    if (code != SQLITE_OK) throw std::runtime_error(file.string() + ": " + sqlite3_errmsg(opened));
  }

  using row = std::vector<std::string>;
  /// All rows of the answer as text.
  [[nodiscard]] std::vector<row> rows(const std::string& sql) const {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(file_.get(), sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK)
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(file_.get()));
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{prepared, sqlite3_finalize};
    std::vector<row> all;
    while (sqlite3_step(prepared) == SQLITE_ROW) {
      auto& one = all.emplace_back();
      for (int i = 0; i < sqlite3_column_count(prepared); ++i) {
        const auto* text = sqlite3_column_text(prepared, i);
        one.emplace_back(text ? reinterpret_cast<const char*>(text) : "");
      }
    }
    return all;
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) const { return std::stoll(rows(sql).at(0).at(0)); }
  /// Another store beside this one, for questions to both: `SELECT ... FROM <name>.entity`.
  void attach(const std::filesystem::path& file, const std::string& name) {
    (void)rows("ATTACH '" + file.string() + "' AS " + name);
  }
  [[nodiscard]] bool is_whole() const { return rows("PRAGMA integrity_check").at(0).at(0) == "ok"; }

 private:
  struct closer {
    void operator()(sqlite3* file) const { sqlite3_close(file); }
  };
  std::unique_ptr<sqlite3, closer> file_;
};

}  // namespace musiccorp::testing

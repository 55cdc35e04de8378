#include "storage/sqlite_parts.hpp"

#include "storage/sqlite_file.hpp"
#include "storage/sqlite_rows.hpp"

namespace musiccorp::storage {
namespace {

using sqlite::connection;
using sqlite::row;

std::string quoted(const std::filesystem::path& file) {
  std::string word = "'";
  for (const char letter : file.native()) word += letter == '\'' ? std::string{"''"} : std::string(1, letter);
  return word + "'";
}

/// One source after the other, under one name.
class attached {
 public:
  attached(connection& to, const std::filesystem::path& file)
      : to_{to}, done_{to.run("ATTACH " + quoted(file) + " AS source")} {}
  ~attached() {
    if (done_) (void)to_.run("DETACH source");
  }
  attached(const attached&) = delete;
  attached& operator=(const attached&) = delete;
  [[nodiscard]] const result<void>& done() const { return done_; }

 private:
  connection& to_;
  result<void> done_;
};

result<void> take_entities(connection& into, const store_part& part) {
  auto all = into.prepare("SELECT type, key, version, body FROM source.entity");
  if (!all) return failure(std::move(all.error()));
  auto put = into.prepare("INSERT OR IGNORE INTO main.entity (type, key, version, body) VALUES (?1, ?2, ?3, ?4)");
  if (!put) return failure(std::move(put.error()));
  result<void> wrote;
  auto read = all->each(std::tuple<>{}, [&](const row& at) {
    const auto type = at.text(0), key = at.text(1);
    if (!part.keeps(type, key)) return true;
    wrote = put->run(std::tuple{type, key, at.number(2), at.text(3)});
    return wrote.has_value();
  });
  return read ? wrote : read;
}

result<void> take_from(connection& into, const std::filesystem::path& file, const store_part& part) {
  const attached source{into, file};
  if (!source.done()) return source.done();
  if (auto begun = into.run("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = take_entities(into, part);
  if (done) done = into.run("INSERT OR IGNORE INTO main.answer SELECT * FROM source.answer");
  if (done && part.log == file)
    for (const auto* table : {"log", "published", "published_slot", "generation", "subscriber"})
      if (done) done = into.run(std::string{"INSERT INTO main."} + table + " SELECT * FROM source." + table);
  if (done) done = into.run("COMMIT");
  if (!done) (void)into.run("ROLLBACK");
  return done;
}

result<void> put_cursors(connection& into, const store_part& part) {
  auto put = into.prepare(
      "INSERT INTO cursor (upstream, seq, received, processed, dead, discarded, generation)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!put) return failure(std::move(put.error()));
  for (const auto& one : part.cursors)
    if (auto done = put->run(sqlite::fields_of(one)); !done) return done;
  return {};
}

result<entity_counts> counts_in(connection& file) {
  auto all = file.prepare("SELECT type, count(*) FROM entity GROUP BY type");
  if (!all) return failure(std::move(all.error()));
  entity_counts counts;
  auto read = all->each(std::tuple<>{}, [&](const row& at) {
    counts[std::string{at.text(0)}] = static_cast<std::uint64_t>(at.number(1));
    return true;
  });
  if (!read) return failure(std::move(read.error()));
  return counts;
}

result<void> look_over(connection& made, const std::filesystem::path& file) {
  const auto wrong = made.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
  if (!wrong) return failure(wrong.error());
  if (*wrong != 0) return failure(fault_kind::corrupt, file.native() + ": was not written as it should be");
  return {};
}

}  // namespace

result<entity_counts> write_part(const store_part& part) {
  auto made = sqlite::open_store_file(part.file, durability::fsync);
  if (!made) return failure(std::move(made.error()));
  made->checkpoint_at_close();
  for (const auto& file : part.from)
    if (auto taken = take_from(*made, file, part); !taken) return failure(std::move(taken.error()));
  if (auto put = put_cursors(*made, part); !put) return failure(std::move(put.error()));
  if (auto fine = look_over(*made, part.file); !fine) return failure(std::move(fine.error()));
  return counts_in(*made);
}

result<entity_counts> count_entities(const std::filesystem::path& file) {
  auto opened = sqlite::connection::open(file, false);
  if (!opened) return failure(std::move(opened.error()));
  return counts_in(*opened);
}

result<void> forget_streams(const std::filesystem::path& file, std::span<const std::string> names) {
  auto opened = sqlite::connection::open(file, false);
  if (!opened) return failure(std::move(opened.error()));
  for (const auto* sql : {"DELETE FROM cursor WHERE upstream = ?1", "DELETE FROM subscriber WHERE subscriber = ?1"}) {
    auto forget = opened->prepare(sql);
    if (!forget) return failure(std::move(forget.error()));
    for (const auto& name : names)
      if (auto done = forget->run(std::tuple{std::string_view{name}}); !done) return done;
  }
  return {};
}

result<void> note_receipts(const std::filesystem::path& file, std::span<const subscriber_row> receipts) {
  auto opened = sqlite::connection::open(file, false);
  if (!opened) return failure(std::move(opened.error()));
  auto note = opened->prepare("REPLACE INTO subscriber (subscriber, acked, received) VALUES (?1, ?2, ?3)");
  if (!note) return failure(std::move(note.error()));
  for (const auto& one : receipts)
    if (auto done = note->run(sqlite::fields_of(one)); !done) return done;
  return {};
}

}  // namespace musiccorp::storage

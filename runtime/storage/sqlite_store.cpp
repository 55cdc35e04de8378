#include "storage/sqlite_store.hpp"

#include <algorithm>
#include <system_error>

#include "base/ensure.hpp"
#include "storage/file_lock.hpp"
#include "storage/log_budget.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_rows.hpp"
#include "storage/sqlite_statements.hpp"
#include "storage/sqlite_wal.hpp"
#include "storage/undoable_map.hpp"

namespace musiccorp::storage {
namespace {

using sqlite::fields_of;
using sqlite::row;
using sqlite::statement;

struct published_value {
  std::uint64_t count = 0;
  std::uint64_t newest = 0;  ///< seq of the newest one
};

/// Small tables are held in memory and written once per commit, however many messages it carries.
struct small_tables {
  undoable_map<name_pair, published_value> published;
  undoable_map<slot_place, std::uint64_t> slots;
  undoable_map<std::string, cursor_row> cursors;
  undoable_map<std::string, subscriber_row> subscribers;
  std::uint64_t last_seq = 0;
  std::uint64_t last_seq_kept = 0;

  void keep() {
    std::apply([](auto&... table) { (table.keep(), ...); }, std::tie(published, slots, cursors, subscribers));
    last_seq_kept = last_seq;
  }
  void undo() {
    std::apply([](auto&... table) { (table.undo(), ...); }, std::tie(published, slots, cursors, subscribers));
    last_seq = last_seq_kept;
  }
};

template <class Row>
std::vector<Row> rows_of(const undoable_map<std::string, Row>& table) {
  std::vector<Row> rows;
  rows.reserve(table.all().size());
  for (const auto& [name, row] : table.all()) rows.push_back(row);
  return rows;
}

class sqlite_store final : public store {
 public:
  sqlite_store(std::filesystem::path file, durability how, file_lock lock, sqlite::connection opened,
               sqlite::statements prepared, std::uint64_t unreadable)
      : file_(std::move(file)),
        how_(how),
        lock_(std::move(lock)),
        connection_(std::move(opened)),
        sql_(std::move(prepared)) {
    statistics_.unreadable = unreadable;
  }

  /// Reads the small tables and sees that they fit the log.
  [[nodiscard]] result<void> load();

  result<void> begin() override;
  result<void> commit() override;
  void rollback() noexcept override;

  result<std::optional<entity_row>> find(std::string_view type, std::string_view key) override;
  result<void> save(std::string_view type, std::string_view key, std::string_view body) override {
    return write(sql_.save_entity, std::tie(type, key, body));
  }
  result<void> erase(std::string_view type, std::string_view key) override {
    return write(sql_.erase_entity, std::tie(type, key));
  }
  result<std::vector<entity_row>> list(std::string_view type, const entity_range& range) override;
  result<std::uint64_t> count(std::string_view type) override;

  result<void> append(envelope& message) override;
  result<std::vector<envelope>> read_log(std::uint64_t after, const log_limits& limits) override;
  std::uint64_t last_seq() const override { return small_.last_seq; }
  result<void> trim_log(std::uint64_t upto, instant before) override {
    const auto last = std::min(upto, small_.last_seq);
    if (auto done = write(sql_.trim_log, std::tie(last, before)); !done) return done;
    return write(sql_.forget_generations, std::tie(small_.last_seq));
  }
  result<void> begin_generation(std::string_view id) override {
    return write(sql_.begin_generation, std::tie(small_.last_seq, id));
  }
  result<std::vector<log_generation>> generations() override {
    return read_rows<log_generation>(sql_.generations, std::tuple<>{});
  }
  result<std::vector<published_row>> published() override;
  result<void> count_slot(std::string_view type, std::uint32_t slot) override;
  result<std::vector<published_slot_row>> published_slots() override;
  result<std::optional<instant>> oldest_after(std::uint64_t after) override;

  result<std::vector<cursor_row>> cursors() override { return rows_of(small_.cursors); }
  result<void> save(const cursor_row& cursor) override {
    if (auto ready = start_writing(); !ready) return ready;
    small_.cursors.change(cursor.upstream) = cursor;
    return {};
  }
  result<std::vector<subscriber_row>> subscribers() override { return rows_of(small_.subscribers); }
  result<void> save(const subscriber_row& subscriber) override {
    if (auto ready = start_writing(); !ready) return ready;
    small_.subscribers.change(subscriber.subscriber) = subscriber;
    return {};
  }

  result<std::vector<waiting_mark>> waiting() override;
  result<std::optional<waiting_row>> find_waiting(std::string_view upstream, std::uint64_t seq) override;
  result<void> save(const waiting_row& row) override { return write(sql_.save_waiting, fields_of(row)); }
  result<void> erase_waiting(std::string_view upstream, std::uint64_t seq) override {
    if (auto done = write(sql_.erase_attempts, std::tie(upstream, seq)); !done) return done;
    return write(sql_.erase_waiting, std::tie(upstream, seq));
  }

  result<void> save(const attempt_row& attempt) override { return write(sql_.save_attempt, fields_of(attempt)); }
  result<void> erase_attempt(std::string_view upstream, std::uint64_t seq, std::int32_t number) override {
    return write(sql_.erase_attempt, std::tie(upstream, seq, number));
  }
  result<std::vector<attempt_row>> attempts(std::string_view upstream, std::uint64_t seq,
                                            std::size_t limit) override {
    auto rows = read_rows<attempt_row>(sql_.attempts, std::tie(upstream, seq, limit));
    if (rows) std::reverse(rows->begin(), rows->end());
    return rows;
  }

  result<std::vector<suspect_row>> suspects() override {
    return read_rows<suspect_row>(sql_.suspects, std::tuple<>{});
  }
  result<void> save(const suspect_row& suspect) override { return write(sql_.save_suspect, fields_of(suspect)); }
  result<void> erase_suspect(std::string_view upstream, std::uint64_t seq) override {
    return write(sql_.erase_suspect, std::tie(upstream, seq));
  }

  result<std::optional<answer_row>> find_answer(std::string_view idempotency) override;
  result<void> save(const answer_row& answer) override { return write(sql_.save_answer, fields_of(answer)); }
  result<std::vector<answer_row>> old_answers(instant before, std::size_t limit) override;
  result<void> erase_answer(std::string_view idempotency) override {
    return write(sql_.erase_answer, std::tie(idempotency));
  }

  store_statistics statistics() const override;

 private:
  /// Remembers trouble inside a transaction: from now on only rollback is legal.
  tl::unexpected<fault> failed(fault found) {
    if (open_) broken_ = found;
    return failure(std::move(found));
  }
  /// SQLite's own transaction begins with the first write, so that one without writes costs nothing.
  [[nodiscard]] result<void> start_writing();
  [[nodiscard]] result<void> write_small_tables();

  template <class... Values>
  [[nodiscard]] result<void> write(statement& which, const std::tuple<Values...>& values) {
    if (auto ready = start_writing(); !ready) return ready;
    if (auto done = which.run(values); !done) return failed(std::move(done.error()));
    return {};
  }
  template <class... Values, class Visit>
  [[nodiscard]] result<void> read(statement& which, const std::tuple<Values...>& values, Visit visit) {
    if (broken_) return failure(*broken_);
    if (auto done = which.each(values, visit); !done) return failed(std::move(done.error()));
    return {};
  }
  template <class Row, class... Values>
  [[nodiscard]] result<std::vector<Row>> read_rows(statement& which, const std::tuple<Values...>& values) {
    std::vector<Row> rows;
    auto done = read(which, values, [&](const row& at) {
      at.read(fields_of(rows.emplace_back()));
      return true;
    });
    if (!done) return failure(std::move(done.error()));
    return rows;
  }
  [[nodiscard]] fault unknown_state(waiting_state state) const {
    return {fault_kind::corrupt,
            file_.native() + ": table `waiting` has a state that is none: " +
                std::to_string(static_cast<int>(state)) + "; restore the file from a backup",
            {},
            {}};
  }

  std::filesystem::path file_;
  durability how_;
  file_lock lock_;
  sqlite::connection connection_;
  sqlite::statements sql_;
  small_tables small_;
  store_statistics statistics_;
  std::uint64_t appended_ = 0;  ///< in this transaction
  bool open_ = false;
  bool writing_ = false;
  std::int64_t rows_written_before_ = 0;
  std::optional<fault> broken_;  ///< what happened in this transaction
};

result<void> sqlite_store::load() {
  const std::tuple<> none;
  auto done = sql_.published.each(none, [&](const row& at) {
    auto& value = small_.published.change(view_pair{at.text(0), at.text(1)});
    at.read(std::tie(value.count, value.newest), 2);
    small_.last_seq = std::max(small_.last_seq, value.newest);
    return true;
  });
  if (done) {
    done = sql_.published_slots.each(none, [&](const row& at) {
      std::uint32_t slot = 0;
      std::uint64_t count = 0;
      at.read(std::tie(slot, count), 1);
      small_.slots.change(std::pair{at.text(0), slot}) = count;
      return true;
    });
  }
  if (done) {
    done = sql_.cursors.each(none, [&](const row& at) {
      at.read(fields_of(small_.cursors.change(at.text(0))));
      return true;
    });
  }
  if (done) {
    done = sql_.subscribers.each(none, [&](const row& at) {
      at.read(fields_of(small_.subscribers.change(at.text(0))));
      return true;
    });
  }
  std::uint64_t log_end = 0;
  if (done) {
    done = sql_.log_end.each(none, [&](const row& at) {
      at.read(std::tie(log_end));
      return false;
    });
  }
  if (!done) return done;
  if (log_end > small_.last_seq)
    return failure(fault_kind::corrupt, file_.native() + ": its log ends at " + std::to_string(log_end) +
                                            " but its table `published` at " + std::to_string(small_.last_seq) +
                                            "; restore the file from a backup");
  small_.keep();
  connection_.checkpoint_at_close();
  return {};
}

result<void> sqlite_store::begin() {
  ensure(!open_, "begin() needs the last transaction to be over");
  open_ = true;
  return {};
}

result<void> sqlite_store::start_writing() {
  ensure(open_, "a write needs begin()");
  if (broken_) return failure(*broken_);
  if (writing_) return {};
  if (auto begun = sql_.begin.run(); !begun) return failed(std::move(begun.error()));
  writing_ = true;
  rows_written_before_ = connection_.rows_written();
  return {};
}

result<void> sqlite_store::write_small_tables() {
  for (const auto& [name, before] : small_.published.before()) {
    const auto* value = small_.published.find(name);
    if (auto done = sql_.save_published.run(std::tie(name.first, name.second, value->count, value->newest)); !done)
      return done;
  }
  for (const auto& [place, before] : small_.slots.before()) {
    if (auto done = sql_.save_published_slot.run(std::tie(place.first, place.second, *small_.slots.find(place)));
        !done)
      return done;
  }
  for (const auto& [name, before] : small_.cursors.before()) {
    if (auto done = sql_.save_cursor.run(fields_of(*small_.cursors.find(name))); !done) return done;
  }
  for (const auto& [name, before] : small_.subscribers.before()) {
    if (auto done = sql_.save_subscriber.run(fields_of(*small_.subscribers.find(name))); !done) return done;
  }
  return {};
}

result<void> sqlite_store::commit() {
  ensure(open_, "commit() needs begin()");
  result<void> done;
  if (broken_)
    done = failure(*broken_);
  else if (writing_)
    done = write_small_tables();
  const bool reached = done && writing_;
  if (reached) done = sql_.commit.run();
  if (!done) {
    rollback();
    if (reached) connection_.forget_failed_commit();
    return done;
  }
  small_.keep();
  if (writing_ && connection_.rows_written() != rows_written_before_) {
    ++statistics_.commits;
    statistics_.messages += appended_;
    if (how_ == durability::fsync) ++statistics_.fsyncs;
  }
  open_ = writing_ = false;
  appended_ = 0;
  return {};
}

void sqlite_store::rollback() noexcept {
  // After a full disk or an I/O error SQLite may have rolled back by itself.
  if (writing_ && connection_.in_transaction()) (void)sql_.rollback.run();
  small_.undo();
  open_ = writing_ = false;
  appended_ = 0;
  broken_.reset();
}

result<std::optional<entity_row>> sqlite_store::find(std::string_view type, std::string_view key) {
  std::optional<entity_row> found;
  auto done = read(sql_.find_entity, std::tie(type, key), [&](const row& at) {
    found.emplace(entity_row{std::string{type}, std::string{key}, {}, 0});
    at.read(std::tie(found->version, found->body));
    return false;
  });
  if (!done) return failure(std::move(done.error()));
  return found;
}

result<std::vector<entity_row>> sqlite_store::list(std::string_view type, const entity_range& range) {
  std::vector<entity_row> found;
  if (range.limit == 0) return found;
  // The first text after `after` is `after` and a zero byte.
  const auto from = range.after.empty() ? range.prefix : std::max(range.prefix, range.after + '\0');
  auto done = read(sql_.list_entities, std::tie(type, from), [&](const row& at) {
    if (!at.text(0).starts_with(range.prefix)) return false;
    auto& entity = found.emplace_back(entity_row{std::string{type}, {}, {}, 0});
    at.read(std::tie(entity.key, entity.version, entity.body));
    return found.size() < range.limit;
  });
  if (!done) return failure(std::move(done.error()));
  return found;
}

result<std::uint64_t> sqlite_store::count(std::string_view type) {
  std::uint64_t found = 0;
  auto done = read(sql_.count_entities, std::tie(type), [&](const row& at) {
    at.read(std::tie(found));
    return false;
  });
  if (!done) return failure(std::move(done.error()));
  return found;
}

result<void> sqlite_store::append(envelope& message) {
  message.seq = small_.last_seq + 1;
  if (auto done = write(sql_.append, fields_of(std::as_const(message))); !done) return done;
  small_.last_seq = message.seq;
  auto& published = small_.published.change(view_pair{message.type, message.to});
  ++published.count;
  published.newest = message.seq;
  ++appended_;
  return {};
}

result<std::vector<envelope>> sqlite_store::read_log(std::uint64_t after, const log_limits& limits) {
  std::vector<envelope> messages;
  log_budget budget{limits};
  const auto start = std::min(after, small_.last_seq);
  auto done = read(sql_.read_log, std::tie(start), [&](const row& at) {
    at.read(fields_of(messages.emplace_back()));
    if (budget.take(messages.back())) return messages.size() < limits.messages;
    messages.pop_back();
    return false;
  });
  if (!done) return failure(std::move(done.error()));
  return messages;
}

result<std::vector<published_row>> sqlite_store::published() {
  std::vector<published_row> rows;
  for (const auto& [name, value] : small_.published.all()) rows.push_back({name.first, name.second, value.count});
  return rows;
}

result<void> sqlite_store::count_slot(std::string_view type, std::uint32_t slot) {
  ++small_.slots.change(std::pair{type, slot});
  return {};
}

result<std::vector<published_slot_row>> sqlite_store::published_slots() {
  std::vector<published_slot_row> rows;
  for (const auto& [place, count] : small_.slots.all()) rows.push_back({place.first, place.second, count});
  return rows;
}

result<std::optional<instant>> sqlite_store::oldest_after(std::uint64_t after) {
  std::optional<instant> found;
  const auto start = std::min(after, small_.last_seq);
  auto done = read(sql_.oldest_after, std::tie(start), [&](const row& at) {
    at.read(std::tie(found.emplace()));
    return false;
  });
  if (!done) return failure(std::move(done.error()));
  return found;
}

result<std::vector<waiting_mark>> sqlite_store::waiting() {
  auto marks = read_rows<waiting_mark>(sql_.waiting, std::tuple<>{});
  if (!marks) return marks;
  for (const auto& mark : *marks)
    if (static_cast<std::size_t>(mark.state) >= waiting_states) return failed(unknown_state(mark.state));
  return marks;
}

result<std::optional<waiting_row>> sqlite_store::find_waiting(std::string_view upstream, std::uint64_t seq) {
  auto rows = read_rows<waiting_row>(sql_.find_waiting, std::tie(upstream, seq));
  if (!rows) return failure(std::move(rows.error()));
  if (rows->empty()) return std::nullopt;
  if (static_cast<std::size_t>(rows->front().state) >= waiting_states)
    return failed(unknown_state(rows->front().state));
  return std::move(rows->front());
}

result<std::vector<answer_row>> sqlite_store::old_answers(instant before, std::size_t limit) {
  std::vector<answer_row> rows;
  auto done = read(sql_.old_answers, std::tie(before, limit), [&](const row& at) {
    auto& answer = rows.emplace_back();
    at.read(std::tie(answer.idempotency, answer.given, answer.conversation));
    return true;
  });
  if (!done) return failure(std::move(done.error()));
  return rows;
}

result<std::optional<answer_row>> sqlite_store::find_answer(std::string_view idempotency) {
  std::optional<answer_row> found;
  auto done = read(sql_.find_answer, std::tie(idempotency), [&](const row& at) {
    at.read(fields_of(found.emplace()));
    return false;
  });
  if (!done) return failure(std::move(done.error()));
  return found;
}

store_statistics sqlite_store::statistics() const {
  auto now = statistics_;
  for (const auto* suffix : {"", "-wal"}) {
    std::error_code none;
    const auto size = std::filesystem::file_size(file_.native() + suffix, none);
    if (!none) now.bytes_on_disk += size;
  }
  return now;
}

class sqlite_store_factory final : public store_factory {
 public:
  sqlite_store_factory(std::filesystem::path folder, durability how) : folder_(std::move(folder)), how_(how) {}

  result<std::unique_ptr<store>> open(std::string_view partition) override {
    if (partition.empty() || partition.front() == '.' || partition.find('/') != std::string_view::npos)
      return failure(fault_kind::invalid,
                     "a store's name must be a file name, found \"" + std::string{partition} + "\"");
    if (auto made = sqlite::make_folder(folder_); !made) return failure(std::move(made.error()));
    return open_sqlite_store(folder_ / (std::string{partition} + ".db"), how_);
  }

 private:
  std::filesystem::path folder_;
  durability how_;
};

}  // namespace

result<std::unique_ptr<store>> open_sqlite_store(const std::filesystem::path& file, durability how) {
  auto lock = file_lock::hold(file);
  if (!lock) return failure(std::move(lock.error()));
  if (lock->saw_store() && !std::filesystem::exists(file))
    return failure(sqlite::damaged(file, "is gone, and there was a store of this name"));
  const auto unreadable = sqlite::transactions_behind_damage(file.native() + "-wal");
  auto opened = sqlite::open_store_file(file, how);
  if (!opened) return failure(std::move(opened.error()));
  lock->note_store();
  auto prepared = sqlite::statements::prepare(*opened);
  if (!prepared) return failure(std::move(prepared.error()));
  auto made = std::make_unique<sqlite_store>(file, how, std::move(*lock), std::move(*opened), std::move(*prepared),
                                             unreadable);
  if (auto loaded = made->load(); !loaded) return failure(std::move(loaded.error()));
  return made;
}

std::unique_ptr<store_factory> sqlite_stores(std::filesystem::path folder, durability how) {
  return std::make_unique<sqlite_store_factory>(std::move(folder), how);
}

}  // namespace musiccorp::storage

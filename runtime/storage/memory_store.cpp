#include "storage/memory_store.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/ensure.hpp"
#include "storage/log_budget.hpp"
#include "storage/undoable_map.hpp"

namespace musiccorp::storage {
namespace {

using log_place = std::pair<std::string, std::uint64_t>;
using attempt_place = std::pair<log_place, std::int32_t>;

struct entity_value {
  std::uint64_t version = 0;
  std::string body;
};
struct published_value {
  std::uint64_t count = 0;
  std::uint64_t newest = 0;  ///< seq of the newest one
};

struct memory_tables {
  undoable_map<name_pair, entity_value> entities;
  undoable_map<std::uint64_t, envelope> log;
  undoable_map<name_pair, published_value> published;
  undoable_map<slot_place, std::uint64_t> slots;
  undoable_map<std::uint64_t, std::string> generations;  ///< by the seq before their first message
  undoable_map<std::string, cursor_row> cursors;
  undoable_map<std::string, subscriber_row> subscribers;
  undoable_map<log_place, waiting_row> waiting;
  undoable_map<attempt_place, attempt_row> attempts;
  undoable_map<log_place, suspect_row> suspects;
  undoable_map<std::string, answer_row> answers;
  std::uint64_t last_seq = 0;
  std::atomic<bool> in_use = false;

  template <class Visit>
  void each(Visit visit) {
    std::apply([&](auto&... table) { (visit(table), ...); },
               std::tie(entities, log, published, slots, generations, cursors, subscribers, waiting, attempts,
                        suspects, answers));
  }
  [[nodiscard]] bool changed() {
    bool any = false;
    each([&](auto& table) { any = any || !table.before().empty(); });
    return any;
  }
};

template <class Value, class Key>
std::vector<Value> values_of(const undoable_map<Key, Value>& table) {
  std::vector<Value> values;
  values.reserve(table.all().size());
  for (const auto& [key, value] : table.all()) values.push_back(value);
  return values;
}

class memory_store final : public store {
 public:
  /// Takes tables that are marked as in use.
  explicit memory_store(std::shared_ptr<memory_tables> tables) : data_(std::move(tables)) {}
  ~memory_store() override {
    undo();
    data_->in_use = false;
  }

  result<void> begin() override {
    ensure(!open_, "begin() needs the last transaction to be over");
    open_ = true;
    last_seq_before_ = data_->last_seq;
    appended_before_ = statistics_.messages;
    return {};
  }

  result<void> commit() override {
    ensure(open_, "commit() needs begin()");
    open_ = false;
    if (data_->changed()) ++statistics_.commits;
    data_->each([](auto& table) { table.keep(); });
    return {};
  }

  void rollback() noexcept override { undo(); }

  result<std::optional<entity_row>> find(std::string_view type, std::string_view key) override {
    const auto* found = data_->entities.find(view_pair{type, key});
    if (found == nullptr) return std::nullopt;
    return entity_row{std::string{type}, std::string{key}, found->body, found->version};
  }

  result<void> save(std::string_view type, std::string_view key, std::string_view body) override {
    auto& value = writable().entities.change(view_pair{type, key});
    value.body = body;
    ++value.version;
    return {};
  }

  result<void> erase(std::string_view type, std::string_view key) override {
    writable().entities.erase(view_pair{type, key});
    return {};
  }

  result<std::vector<entity_row>> list(std::string_view type, const entity_range& range) override {
    const auto& rows = data_->entities.all();
    auto at = range.after.empty() || range.after < range.prefix ? rows.lower_bound(view_pair{type, range.prefix})
                                                                : rows.upper_bound(view_pair{type, range.after});
    std::vector<entity_row> found;
    for (; at != rows.end() && found.size() < range.limit; ++at) {
      const auto& [name, value] = *at;
      if (name.first != type || !name.second.starts_with(range.prefix)) break;
      found.push_back({name.first, name.second, value.body, value.version});
    }
    return found;
  }

  result<std::uint64_t> count(std::string_view type) override {
    const auto& rows = data_->entities.all();
    const auto first = rows.lower_bound(view_pair{type, {}});
    const auto last = std::find_if(first, rows.end(), [&](const auto& row) { return row.first.first != type; });
    return static_cast<std::uint64_t>(std::distance(first, last));
  }

  result<void> append(envelope& message) override {
    auto& data = writable();
    message.seq = ++data.last_seq;
    data.log.change(message.seq) = message;
    auto& published = data.published.change(view_pair{message.type, message.to});
    ++published.count;
    published.newest = message.seq;
    ++statistics_.messages;
    return {};
  }

  result<std::vector<envelope>> read_log(std::uint64_t after, const log_limits& limits) override {
    std::vector<envelope> messages;
    log_budget budget{limits};
    const auto& rows = data_->log.all();
    for (auto at = rows.upper_bound(after); at != rows.end() && budget.take(at->second); ++at)
      messages.push_back(at->second);
    return messages;
  }

  std::uint64_t last_seq() const override { return data_->last_seq; }

  result<void> trim_log(std::uint64_t upto, instant before) override {
    auto& log = writable().log;
    while (!log.all().empty()) {
      const auto& [seq, message] = *log.all().begin();
      if (seq > upto || message.occurred >= before) break;
      log.erase(std::uint64_t{seq});
    }
    const auto forgotten = log.all().empty() ? data_->last_seq : log.all().begin()->first - 1;
    auto& generations = data_->generations;
    while (generations.all().size() > 1 && std::next(generations.all().begin())->first < forgotten)
      generations.erase(std::uint64_t{generations.all().begin()->first});
    return {};
  }

  result<void> begin_generation(std::string_view id) override {
    writable().generations.change(data_->last_seq) = id;
    return {};
  }
  result<std::vector<log_generation>> generations() override {
    std::vector<log_generation> rows;
    for (const auto& [after, id] : data_->generations.all()) rows.push_back({after, id});
    return rows;
  }

  result<std::vector<published_row>> published() override {
    std::vector<published_row> rows;
    for (const auto& [name, value] : data_->published.all()) rows.push_back({name.first, name.second, value.count});
    return rows;
  }

  result<void> count_slot(std::string_view type, std::uint32_t slot) override {
    ++writable().slots.change(std::pair{type, slot});
    return {};
  }

  result<std::vector<published_slot_row>> published_slots() override {
    std::vector<published_slot_row> rows;
    for (const auto& [place, count] : data_->slots.all()) rows.push_back({place.first, place.second, count});
    return rows;
  }

  result<std::optional<instant>> oldest_after(std::uint64_t after) override {
    const auto found = data_->log.all().upper_bound(after);
    if (found == data_->log.all().end()) return std::nullopt;
    return found->second.occurred;
  }

  result<std::vector<cursor_row>> cursors() override { return values_of(data_->cursors); }
  result<void> save(const cursor_row& cursor) override {
    writable().cursors.change(cursor.upstream) = cursor;
    return {};
  }
  result<std::vector<subscriber_row>> subscribers() override { return values_of(data_->subscribers); }
  result<void> save(const subscriber_row& subscriber) override {
    writable().subscribers.change(subscriber.subscriber) = subscriber;
    return {};
  }

  result<std::vector<waiting_mark>> waiting() override {
    std::vector<waiting_mark> marks;
    for (const auto& [where, row] : data_->waiting.all()) marks.push_back(mark_of(row));
    return marks;
  }
  result<std::optional<waiting_row>> find_waiting(std::string_view upstream, std::uint64_t seq) override {
    const auto* found = data_->waiting.find(log_place{upstream, seq});
    if (found == nullptr) return std::nullopt;
    return *found;
  }
  result<void> save(const waiting_row& row) override {
    writable().waiting.change(log_place{row.upstream, row.seq}) = row;
    return {};
  }
  result<void> erase_waiting(std::string_view upstream, std::uint64_t seq) override {
    const log_place where{upstream, seq};
    auto& attempts = writable().attempts;
    for (auto at = attempts.all().lower_bound({where, 0}); at != attempts.all().end() && at->first.first == where;)
      attempts.erase(attempt_place{(at++)->first});
    data_->waiting.erase(where);
    return {};
  }

  result<void> save(const attempt_row& attempt) override {
    writable().attempts.change(attempt_place{{attempt.upstream, attempt.seq}, attempt.number}) = attempt;
    return {};
  }
  result<void> erase_attempt(std::string_view upstream, std::uint64_t seq, std::int32_t number) override {
    writable().attempts.erase(attempt_place{{std::string{upstream}, seq}, number});
    return {};
  }
  result<std::vector<attempt_row>> attempts(std::string_view upstream, std::uint64_t seq,
                                            std::size_t limit) override {
    std::vector<attempt_row> rows;
    const log_place where{upstream, seq};
    const auto& all = data_->attempts.all();
    for (auto at = all.lower_bound({where, 0}); at != all.end() && at->first.first == where; ++at)
      rows.push_back(at->second);
    if (rows.size() > limit) rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(limit));
    return rows;
  }

  result<std::vector<suspect_row>> suspects() override { return values_of(data_->suspects); }
  result<void> save(const suspect_row& suspect) override {
    writable().suspects.change(log_place{suspect.upstream, suspect.seq}) = suspect;
    return {};
  }
  result<void> erase_suspect(std::string_view upstream, std::uint64_t seq) override {
    writable().suspects.erase(log_place{upstream, seq});
    return {};
  }

  result<std::optional<answer_row>> find_answer(std::string_view idempotency) override {
    const auto* found = data_->answers.find(idempotency);
    if (found == nullptr) return std::nullopt;
    return *found;
  }
  result<void> save(const answer_row& answer) override {
    writable().answers.change(answer.idempotency) = answer;
    return {};
  }
  result<std::vector<answer_row>> old_answers(instant before, std::size_t limit) override {
    std::vector<answer_row> rows;
    for (const auto& [name, answer] : data_->answers.all())
      if (answer.given < before)
        rows.push_back({answer.idempotency, 0, 0, {}, {}, answer.given, answer.conversation});
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.given < b.given; });
    if (rows.size() > limit) rows.resize(limit);
    return rows;
  }
  result<void> erase_answer(std::string_view idempotency) override {
    writable().answers.erase(std::string{idempotency});
    return {};
  }

  store_statistics statistics() const override { return statistics_; }

 private:
  memory_tables& writable() {
    ensure(open_, "a write needs begin()");
    return *data_;
  }

  void undo() noexcept {
    if (!std::exchange(open_, false)) return;
    data_->each([](auto& table) { table.undo(); });
    data_->last_seq = last_seq_before_;
    statistics_.messages = appended_before_;
  }

  std::shared_ptr<memory_tables> data_;
  store_statistics statistics_;
  bool open_ = false;
  std::uint64_t last_seq_before_ = 0;
  std::uint64_t appended_before_ = 0;
};

class memory_store_factory final : public store_factory {
 public:
  result<std::unique_ptr<store>> open(std::string_view partition) override {
    const std::lock_guard held{guard_};
    auto& tables = tables_.try_emplace(std::string{partition}, nullptr).first->second;
    if (tables == nullptr) tables = std::make_shared<memory_tables>();
    if (tables->in_use.exchange(true))
      return failure(fault_kind::busy, std::string{partition} + ": the store is open already; close it first");
    return std::make_unique<memory_store>(tables);
  }

 private:
  std::mutex guard_;
  std::map<std::string, std::shared_ptr<memory_tables>, std::less<>> tables_;
};

}  // namespace

std::unique_ptr<store> make_memory_store() {
  return std::make_unique<memory_store>(std::make_shared<memory_tables>());
}

std::unique_ptr<store_factory> memory_stores() { return std::make_unique<memory_store_factory>(); }

}  // namespace musiccorp::storage

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/memory_store.hpp"

namespace musiccorp::testing {

using storage::instant;

enum class store_call : std::uint8_t { open, begin, commit, read, write, append, read_log };

/// Which calls to stores fail, decided by the test, and whether stores are used as they ask to be. Thread-safe.
class store_faults {
 public:
  /// Only the n-th call from now, of this kind or of any, counted from 1.
  void fail_call(std::uint64_t n, std::optional<store_call> kind = {}) {
    const std::lock_guard hold{mutex_};
    left_ = n;
    kind_ = kind;
  }
  /// Every call of these kinds until heal().
  void fail_all(std::set<store_call> kinds) {
    const std::lock_guard hold{mutex_};
    broken_ = std::move(kinds);
  }
  void fail_all() { fail_all({store_call::open, store_call::begin, store_call::commit, store_call::write}); }
  /// Failing calls throw, as if the store had a bug.
  void throw_instead() {
    const std::lock_guard hold{mutex_};
    throws_ = true;
  }
  /// Called when a transaction of any store has ended: committed, or rolled back. Set it before there are stores.
  void when_ended(std::function<void(bool committed)> tell) { ended_ = std::move(tell); }
  void heal() {
    const std::lock_guard hold{mutex_};
    left_ = 0;
    broken_.clear();
    throws_ = false;
  }

  [[nodiscard]] std::uint64_t calls() const {
    const std::lock_guard hold{mutex_};
    return calls_;
  }
  [[nodiscard]] std::uint64_t failed() const {
    const std::lock_guard hold{mutex_};
    return failed_;
  }
  /// Calls that a store forbids: anything but rollback after a fault inside a transaction.
  [[nodiscard]] std::vector<std::string> misuse() const {
    const std::lock_guard hold{mutex_};
    return misuse_;
  }

  /// For the stores.
  [[nodiscard]] bool strikes(store_call kind) {
    const std::lock_guard hold{mutex_};
    ++calls_;
    const bool counted = left_ > 0 && (!kind_ || *kind_ == kind) && --left_ == 0;
    if (!counted && !broken_.contains(kind)) return false;
    ++failed_;
    if (throws_) throw std::runtime_error{"the store fell over"};
    return true;
  }
  void ended(bool committed) const {
    if (ended_) ended_(committed);
  }
  void misused(std::string how) {
    const std::lock_guard hold{mutex_};
    misuse_.push_back(std::move(how));
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t left_ = 0;
  std::optional<store_call> kind_;
  std::set<store_call> broken_;
  bool throws_ = false;
  std::uint64_t calls_ = 0;
  std::uint64_t failed_ = 0;
  std::vector<std::string> misuse_;
  std::function<void(bool)> ended_;
};

/// Another store, whose calls fail when the test says so. A call that fails does nothing.
class faulty_store final : public storage::store {
 public:
  faulty_store(std::unique_ptr<storage::store> inner, std::shared_ptr<store_faults> faults)
      : inner_{std::move(inner)}, faults_{std::move(faults)} {}

  result<void> begin() override {
    if (auto trouble = meet(store_call::begin, "begin")) return failure(*trouble);
    inside_ = true;
    return inner_->begin();
  }
  result<void> commit() override {
    if (auto trouble = meet(store_call::commit, "commit")) return failure(*trouble);
    inside_ = false;
    auto done = inner_->commit();
    if (done) faults_->ended(true);
    return done;
  }
  void rollback() noexcept override {
    inside_ = spoilt_ = false;
    inner_->rollback();
    faults_->ended(false);
  }

  result<std::optional<storage::entity_row>> find(std::string_view type, std::string_view key) override {
    return either(store_call::read, "find", [&] { return inner_->find(type, key); });
  }
  result<void> save(std::string_view type, std::string_view key, std::string_view body) override {
    return either(store_call::write, "save", [&] { return inner_->save(type, key, body); });
  }
  result<void> erase(std::string_view type, std::string_view key) override {
    return either(store_call::write, "erase", [&] { return inner_->erase(type, key); });
  }
  result<std::vector<storage::entity_row>> list(std::string_view type, const storage::entity_range& range) override {
    return either(store_call::read, "list", [&] { return inner_->list(type, range); });
  }
  result<std::uint64_t> count(std::string_view type) override {
    return either(store_call::read, "count", [&] { return inner_->count(type); });
  }

  result<void> count_slot(std::string_view type, std::uint32_t slot) override {
    return either(store_call::write, "count_slot", [&] { return inner_->count_slot(type, slot); });
  }
  result<std::vector<storage::published_slot_row>> published_slots() override {
    return either(store_call::read, "published_slots", [&] { return inner_->published_slots(); });
  }
  result<void> append(storage::envelope& message) override {
    return either(store_call::append, "append", [&] { return inner_->append(message); });
  }
  result<std::vector<storage::envelope>> read_log(std::uint64_t after, const storage::log_limits& limits) override {
    return either(store_call::read_log, "read_log", [&] { return inner_->read_log(after, limits); });
  }
  std::uint64_t last_seq() const override { return inner_->last_seq(); }
  result<void> trim_log(std::uint64_t upto, instant before) override {
    return either(store_call::write, "trim_log", [&] { return inner_->trim_log(upto, before); });
  }
  result<void> begin_generation(std::string_view id) override {
    return either(store_call::write, "begin_generation", [&] { return inner_->begin_generation(id); });
  }
  result<std::vector<storage::log_generation>> generations() override {
    return either(store_call::read, "generations", [&] { return inner_->generations(); });
  }
  result<std::vector<storage::published_row>> published() override {
    return either(store_call::read, "published", [&] { return inner_->published(); });
  }
  result<std::optional<instant>> oldest_after(std::uint64_t after) override {
    return either(store_call::read, "oldest_after", [&] { return inner_->oldest_after(after); });
  }

  result<std::vector<storage::cursor_row>> cursors() override {
    return either(store_call::read, "cursors", [&] { return inner_->cursors(); });
  }
  result<void> save(const storage::cursor_row& cursor) override {
    return either(store_call::write, "save cursor", [&] { return inner_->save(cursor); });
  }
  result<std::vector<storage::subscriber_row>> subscribers() override {
    return either(store_call::read, "subscribers", [&] { return inner_->subscribers(); });
  }
  result<void> save(const storage::subscriber_row& subscriber) override {
    return either(store_call::write, "save subscriber", [&] { return inner_->save(subscriber); });
  }

  result<std::vector<storage::waiting_mark>> waiting() override {
    return either(store_call::read, "waiting", [&] { return inner_->waiting(); });
  }
  result<std::optional<storage::waiting_row>> find_waiting(std::string_view upstream, std::uint64_t seq) override {
    return either(store_call::read, "find waiting", [&] { return inner_->find_waiting(upstream, seq); });
  }
  result<void> save(const storage::waiting_row& row) override {
    return either(store_call::write, "save waiting", [&] { return inner_->save(row); });
  }
  result<void> erase_waiting(std::string_view upstream, std::uint64_t seq) override {
    return either(store_call::write, "erase waiting", [&] { return inner_->erase_waiting(upstream, seq); });
  }

  result<std::optional<storage::answer_row>> find_answer(std::string_view idempotency) override {
    return either(store_call::read, "find_answer", [&] { return inner_->find_answer(idempotency); });
  }
  result<void> save(const storage::answer_row& answer) override {
    return either(store_call::write, "save answer", [&] { return inner_->save(answer); });
  }
  result<std::vector<storage::answer_row>> old_answers(instant before, std::size_t limit) override {
    return either(store_call::read, "old answers", [&] { return inner_->old_answers(before, limit); });
  }
  result<void> erase_answer(std::string_view idempotency) override {
    return either(store_call::write, "erase answer", [&] { return inner_->erase_answer(idempotency); });
  }

  result<void> save(const storage::attempt_row& attempt) override {
    return either(store_call::write, "save attempt", [&] { return inner_->save(attempt); });
  }
  result<void> erase_attempt(std::string_view upstream, std::uint64_t seq, std::int32_t number) override {
    return either(store_call::write, "erase attempt", [&] { return inner_->erase_attempt(upstream, seq, number); });
  }
  result<std::vector<storage::attempt_row>> attempts(std::string_view upstream, std::uint64_t seq,
                                                     std::size_t limit) override {
    return either(store_call::read, "attempts", [&] { return inner_->attempts(upstream, seq, limit); });
  }
  result<std::vector<storage::suspect_row>> suspects() override {
    return either(store_call::read, "suspects", [&] { return inner_->suspects(); });
  }
  result<void> save(const storage::suspect_row& suspect) override {
    return either(store_call::write, "save suspect", [&] { return inner_->save(suspect); });
  }
  result<void> erase_suspect(std::string_view upstream, std::uint64_t seq) override {
    return either(store_call::write, "erase suspect", [&] { return inner_->erase_suspect(upstream, seq); });
  }

  storage::store_statistics statistics() const override { return inner_->statistics(); }

 private:
  std::optional<base::fault> meet(store_call kind, const char* name) {
    if (spoilt_) faults_->misused(std::string{name} + " after a fault inside a transaction");
    if (!faults_->strikes(kind)) return std::nullopt;
    spoilt_ = inside_;
    return base::fault{fault_kind::storage, std::string{name} + ": the disk does not answer", {}, {}};
  }
  template <class Call>
  auto either(store_call kind, const char* name, Call call) -> decltype(call()) {
    if (auto trouble = meet(kind, name)) return failure(*trouble);
    return call();
  }

  std::unique_ptr<storage::store> inner_;
  std::shared_ptr<store_faults> faults_;
  bool inside_ = false;  ///< a transaction
  bool spoilt_ = false;  ///< a call inside it failed
};

/// Stores of another factory that fail by one plan; they keep their content when they are opened again.
class faulty_stores final : public storage::store_factory {
 public:
  explicit faulty_stores(std::shared_ptr<store_faults> faults,
                         std::unique_ptr<storage::store_factory> inner = storage::memory_stores())
      : faults_{std::move(faults)}, inner_{std::move(inner)} {}

  result<std::unique_ptr<storage::store>> open(std::string_view partition) override {
    if (faults_->strikes(store_call::open)) return failure(fault_kind::storage, "there is no disk");
    auto opened = inner_->open(partition);
    if (!opened) return opened;
    return std::make_unique<faulty_store>(std::move(*opened), faults_);
  }

 private:
  std::shared_ptr<store_faults> faults_;
  std::unique_ptr<storage::store_factory> inner_;
};

}  // namespace musiccorp::testing

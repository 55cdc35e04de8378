#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "service/turn.hpp"
#include "storage/memory_store.hpp"

namespace musiccorp::testing {

/// Runs rules on turns over a store, in memory if none is given, without an actor. What a turn wants is committed
/// when the rule returns an answer or `done`, and dropped otherwise, as a partition would do it.
///
///     rule_bench bench{"order"};
///     auto said = bench.run(place, place_order{...}, quote, stock);
///     EXPECT_EQ(bench.sent<order_placed>().at(0).order_id, ...);
class rule_bench {
 public:
  explicit rule_bench(std::string service, std::unique_ptr<storage::store> store = storage::make_memory_store())
      : service_{std::move(service)}, store_{std::move(store)} {}

  template <class Rule, describe::described Message, class... Answers>
  outcome run(const Rule& rule, const Message& message, const Answers&... answers) {
    envelope carried;
    carried.id = base::make_id(clock.now(), random_);
    carried.type = describe::name_of<Message>();
    carried.key = describe::key_of(message);
    carried.occurred = clock.now();
    carried.traceparent = traceparent;
    carried.payload = describe::to_json(message);
    turn now{carried, service_, *store_, clock.now(), random_};
    if (rehearses) now.rehearse();
    sent_.clear();
    outcome said = rule(now, message, answers...);
    if (!rehearses && (said.is<done>() || said.is<service::answer>())) commit(now.take_effects());
    return said;
  }

  /// What the last turn sent of this type, in order.
  template <describe::described M>
  [[nodiscard]] std::vector<M> sent() const {
    std::vector<M> found;
    for (const auto& message : sent_)
      if (message.type == describe::name_of<M>()) found.push_back(describe::from_json<M>(message.payload).value());
    return found;
  }
  [[nodiscard]] const std::vector<envelope>& sent_envelopes() const { return sent_; }

  template <describe::described E>
  [[nodiscard]] std::optional<E> stored(std::string_view key) {
    auto row = store_->find(describe::name_of<E>(), key).value();
    if (!row) return std::nullopt;
    return describe::from_json<E>(row->body).value();
  }

  /// Puts an entity into the store before the rule runs.
  template <describe::described E>
  void given(const E& entity) {
    must(store_->begin());
    must(store_->save(describe::name_of<E>(), describe::key_of(entity), describe::to_json(entity)));
    must(store_->commit());
  }

  ~rule_bench() {
    if (turns_open_ > 0) must(store_->commit());
  }
  rule_bench(const rule_bench&) = delete;
  rule_bench& operator=(const rule_bench&) = delete;

  std::size_t turns_per_commit = 1;  ///< more for many turns over a store on a disk; the rest is committed at the end
  base::manual_clock clock;
  std::string traceparent{};  ///< of the next messages
  bool rehearses = false;     ///< the next rules run dry, and nothing is kept

 private:
  static void must(const result<void>& step) { ensure(step.has_value(), "the store does not fail"); }

  void commit(service::turn_effects effects) {
    if (turns_open_++ == 0) must(store_->begin());
    for (const auto& write : effects.writes)
      must(write.body ? store_->save(write.type, write.key, *write.body) : store_->erase(write.type, write.key));
    if (turns_open_ >= turns_per_commit) {
      must(store_->commit());
      turns_open_ = 0;
    }
    sent_ = std::move(effects.messages);
  }

  std::string service_;
  base::random_source random_{1};
  std::unique_ptr<storage::store> store_;
  std::vector<envelope> sent_;
  std::size_t turns_open_ = 0;
};

}  // namespace musiccorp::testing

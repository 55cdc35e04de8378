#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hospital/case_metrics.hpp"
#include "inventory/stock_metrics.hpp"
#include "order/order_metrics.hpp"
#include "order/order_rules.hpp"
#include "storage/memory_store.hpp"
#include "support/faulty_store.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using messages::order_status;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr instant noon{1'770'000'000s};

/// A store, and somebody who counts what is written to it.
template <class Watcher>
class watched_store {
 public:
  void open() {
    begin_generation();
    EXPECT_TRUE(watcher_->load(*store_));
  }
  template <describe::described E>
  void commit(const E& entity) {
    run([&](turn& now) { now.save(entity); });
  }
  /// A turn of which nothing comes.
  template <describe::described E>
  void lose(const E& entity) {
    turn now{nothing_, "shop", *store_, noon, random_, nullptr, nullptr, &*watcher_};
    now.save(entity);
  }
  template <describe::described E>
  void erase(const std::string& key) {
    run([&](turn& now) { now.erase<E>(key); });
  }
  /// The service's next partition in this process: the old one is gone.
  void respawn() {
    watcher_.reset();
    watcher_.emplace(registry_);
    open();
  }
  /// Another process on the same data. So often its watcher called the store.
  std::uint64_t restart() {
    begin_generation();
    reopened_.reset();
    again_.emplace(time_);
    reopened_.emplace(*again_);
    const auto before = calls_->calls();
    EXPECT_TRUE(reopened_->load(*store_));
    return calls_->calls() - before;
  }
  /// A process without this watcher.
  void open_by_another() { begin_generation(); }
  template <describe::described E>
  [[nodiscard]] bool has(const std::string& key) {
    return store_->find(describe::name_of<E>(), key).value().has_value();
  }
  [[nodiscard]] std::string text() { return (again_ ? *again_ : registry_).render(); }

 private:
  template <class Rule>
  void run(const Rule& rule) {
    turn now{nothing_, "shop", *store_, noon, random_, nullptr, nullptr, &*watcher_};
    rule(now);
    EXPECT_TRUE(store_->begin());
    for (const auto& write : now.effects().writes) {
      EXPECT_TRUE(write.body ? store_->save(write.type, write.key, *write.body)
                             : store_->erase(write.type, write.key));
    }
    auto news = now.envelope_for("news", 1, "1", "{}");
    EXPECT_TRUE(store_->append(news));
    EXPECT_TRUE(store_->commit());
    for (const auto& write : now.effects().writes) watcher_->committed(write);
  }
  /// As each opening of a store does.
  void begin_generation() {
    EXPECT_TRUE(store_->begin());
    EXPECT_TRUE(store_->begin_generation("generation " + std::to_string(++generations_)));
    EXPECT_TRUE(store_->commit());
  }

  const message::envelope nothing_{};
  int generations_ = 0;
  base::random_source random_{1};
  base::manual_clock time_;
  telemetry::metrics_registry registry_{time_};
  std::optional<telemetry::metrics_registry> again_;
  std::shared_ptr<testing::store_faults> calls_ = std::make_shared<testing::store_faults>();
  std::unique_ptr<storage::store> store_ =
      std::make_unique<testing::faulty_store>(storage::make_memory_store(), calls_);
  std::optional<Watcher> watcher_{registry_};
  std::optional<Watcher> reopened_;
};

order::order an_order(const std::string& id, std::vector<messages::order_step> history) {
  order::order one;
  one.order_id = id;
  one.status = history.back().status;
  one.history = std::move(history);
  return one;
}

TEST(OrderMetrics, CountEachStepOnceAndTheTimeToTheEnd) {
  watched_store<order::order_metrics> shop;
  shop.open();
  std::vector<messages::order_step> history{{order_status::pending, noon}};
  shop.commit(an_order("1", history));
  shop.commit(an_order("2", {{order_status::pending, noon + 1s}}));
  EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 2\n"));
  EXPECT_THAT(shop.text(), HasSubstr("shop_order_oldest_open_timestamp_seconds 1770000000\n"));
  history.push_back({order_status::placed, noon + 2s});
  shop.commit(an_order("1", history));
  shop.commit(an_order("1", history));  // Written again without news.
  for (const auto next : {order_status::paid, order_status::packaged, order_status::shipped})
    history.push_back({next, noon + 4s});
  shop.commit(an_order("1", history));
  shop.commit(an_order("1", history));  // A refund is noted in an order that is over.
  const auto text = shop.text();
  for (const auto* line :
       {"shop_orders_total{state=\"pending\"} 2\n", "shop_orders_total{state=\"placed\"} 1\n",
        "shop_orders_total{state=\"paid\"} 1\n", "shop_orders_total{state=\"shipped\"} 1\n",
        "shop_orders_total{state=\"rejected\"} 0\n", "shop_orders_open{state=\"pending\"} 1\n",
        "shop_orders_open{state=\"placed\"} 0\n", "shop_order_oldest_open_timestamp_seconds 1770000001\n",
        "shop_order_to_final_seconds_count 1\n", "shop_order_to_final_seconds_sum 4\n",
        "shop_order_to_shipped_seconds_count 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("shop_orders_open{state=\"shipped\"}")));
}

TEST(OrderMetrics, ACancelledOrderIsFinalButNotShipped) {
  watched_store<order::order_metrics> shop;
  shop.open();
  shop.commit(an_order("1", {{order_status::pending, noon}}));
  shop.commit(an_order("1", {{order_status::pending, noon}, {order_status::cancelled, noon + 1s}}));
  EXPECT_THAT(shop.text(), HasSubstr("shop_order_to_final_seconds_count 1\n"));
  EXPECT_THAT(shop.text(), HasSubstr("shop_order_to_shipped_seconds_count 0\n"));
  EXPECT_THAT(shop.text(), HasSubstr("shop_order_oldest_open_timestamp_seconds 0\n"));
}

TEST(OrderMetrics, CountNothingOfATurnThatCameToNothing) {
  watched_store<order::order_metrics> shop;
  shop.open();
  shop.commit(an_order("1", {{order_status::pending, noon}}));
  shop.lose(an_order("1", {{order_status::pending, noon}, {order_status::placed, noon + 1s}}));
  shop.lose(an_order("2", {{order_status::pending, noon}}));
  EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
  EXPECT_THAT(shop.text(), HasSubstr("shop_orders_total{state=\"placed\"} 0\n"));
}

constexpr int more_than_a_page = 2'500;  // of what the store lists at once

/// So many finished orders, and one that is open and in second place.
void sell(watched_store<order::order_metrics>& shop) {
  const std::vector<messages::order_step> start{{order_status::pending, noon}};
  for (int i = 0; i < more_than_a_page; ++i) {
    auto steps = start;
    if (i != 1) steps.push_back({order_status::cancelled, noon + 1s});
    shop.commit(an_order(std::to_string(10'000 + i), steps));
  }
}

/// Is there a list, of which opening, what is on it, and the one order; and that this opening lists, too.
constexpr std::uint64_t calls_with_a_list = 8;

TEST(OrderMetrics, ReadWhatIsOpenAndNothingElseAtARestart) {
  watched_store<order::order_metrics> shop;
  shop.open();
  sell(shop);
  shop.commit(order::open_order{"10001"});
  for (int start = 0; start < 3; ++start) {
    EXPECT_LE(shop.restart(), calls_with_a_list);
    EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
    EXPECT_THAT(shop.text(), HasSubstr("shop_order_oldest_open_timestamp_seconds 1770000000\n"));
    EXPECT_THAT(shop.text(), HasSubstr("shop_orders_total{state=\"pending\"} 0\n"));
  }
}

TEST(OrderMetrics, KnowAfterARestartWhatIsOpenInMoreThanOnePage) {
  watched_store<order::order_metrics> shop;
  shop.open();
  for (int i = 0; i < more_than_a_page; ++i) {
    const auto id = std::to_string(10'000 + i);
    shop.commit(an_order(id, {{order_status::pending, noon + std::chrono::seconds{i}}}));
    shop.commit(order::open_order{id});
  }
  shop.restart();
  EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 2500\n"));
  EXPECT_THAT(shop.text(), HasSubstr("shop_order_oldest_open_timestamp_seconds 1770000000\n"));
}

TEST(OrderMetrics, ListWhatIsOpenInAStoreOfAnEarlierVersionOnce) {
  watched_store<order::order_metrics> shop;
  shop.open_by_another();
  sell(shop);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(shop.restart() <= calls_with_a_list, start > 0);
    EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
  }
}

/// Back to an earlier version for a while: what it took is not on the list, and what it ended still is.
TEST(OrderMetrics, ListAnewWhatIsOpenAfterAnEarlierVersionWroteToTheStore) {
  watched_store<order::order_metrics> shop;
  shop.open();
  sell(shop);
  shop.commit(order::open_order{"10001"});
  shop.open_by_another();
  shop.open_by_another();  // Twice, and the second time it writes.
  const std::vector<messages::order_step> start{{order_status::pending, noon + 2s}};
  shop.commit(an_order("90000", start));
  shop.commit(an_order("10001", {start.front(), {order_status::cancelled, noon + 3s}}));
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(shop.restart() <= calls_with_a_list, again > 0);
    EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
    EXPECT_THAT(shop.text(), HasSubstr("shop_order_oldest_open_timestamp_seconds 1770000002\n"));
    EXPECT_TRUE(shop.has<order::open_order>("90000"));
    EXPECT_FALSE(shop.has<order::open_order>("10001"));
  }
}

TEST(OrderMetrics, TrustTheListWhenAnEarlierVersionOnlyLooked) {
  watched_store<order::order_metrics> shop;
  shop.open();
  sell(shop);
  shop.commit(order::open_order{"10001"});
  shop.open_by_another();
  EXPECT_LE(shop.restart(), calls_with_a_list);
  EXPECT_THAT(shop.text(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
}

TEST(OrderMetrics, OfSeveralPartitionsInOneProcessAddUp) {
  const base::manual_clock time;
  telemetry::metrics_registry registry{time};
  const auto all = std::make_shared<order::oldest_orders>();
  const auto one = storage::make_memory_store(), other = storage::make_memory_store();
  order::order_metrics first{registry, all};
  std::optional<order::order_metrics> second{std::in_place, registry, all};
  ASSERT_TRUE(first.load(*one));
  ASSERT_TRUE(second->load(*other));
  const auto write = [](order::order_metrics& to, const std::string& id, instant at) {
    const auto made = an_order(id, {{order_status::pending, at}});
    to.committed({std::string{describe::name_of<order::order>()}, id, describe::to_json(made),
                  to.taken_off(service::saved_entity{made})});
  };
  write(first, "1", noon + 5s);
  write(first, "3", noon + 6s);
  write(*second, "2", noon);
  EXPECT_THAT(registry.render(), HasSubstr("shop_orders_open{state=\"pending\"} 3\n"));
  EXPECT_THAT(registry.render(), HasSubstr("shop_order_oldest_open_timestamp_seconds 1770000000\n"));
  ASSERT_TRUE(first.load(*one));  // Its store was opened again, without those two.
  EXPECT_THAT(registry.render(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
  write(first, "1", noon + 5s);
  second.reset();
  EXPECT_THAT(registry.render(), HasSubstr("shop_orders_open{state=\"pending\"} 1\n"));
  EXPECT_THAT(registry.render(), HasSubstr("shop_order_oldest_open_timestamp_seconds 1770000005\n"));
}

TEST(StockMetrics, AddUpAllItems) {
  watched_store<inventory::stock_metrics> shop;
  shop.open();
  shop.commit(messages::stock_summary{"a", 10, 10, 0, 0});
  shop.commit(messages::stock_summary{"b", 5, 5, 0, 0});
  shop.commit(messages::stock_summary{"a", 10, 6, 3, 1});
  for (const auto* line : {"{account=\"received\"} 15\n", "{account=\"on_hand\"} 11\n", "{account=\"reserved\"} 3\n",
                           "{account=\"shipped\"} 1\n"})
    EXPECT_THAT(shop.text(), HasSubstr(line));
  shop.restart();
  EXPECT_THAT(shop.text(), HasSubstr("{account=\"on_hand\"} 11\n"));
}

hospital::case_row a_case(const std::string& view, const std::string& id, hospital::case_state state) {
  hospital::case_row row;
  row.case_id = id;
  row.service = "pricing";
  row.reason = "handler_crash";
  row.state = state;
  row.row = view + id;
  return row;
}

TEST(CaseMetrics, CountWhatIsNotClosed) {
  using hospital::case_state;
  watched_store<hospital::case_metrics> ward;
  ward.open();
  for (const auto* id : {"1", "2", "3"}) {
    ward.commit(a_case(hospital::row_prefix_all(), id, case_state::open));
    ward.commit(a_case(hospital::row_prefix_unclosed(), id, case_state::open));
  }
  ward.commit(a_case(hospital::row_prefix_unclosed(), "1", case_state::replaying));
  EXPECT_THAT(ward.text(), HasSubstr("runtime_dead_letters{reason=\"handler_crash\",service=\"pricing\"} 3\n"));
  EXPECT_THAT(ward.text(), HasSubstr("runtime_hospital_cases{state=\"replaying\"} 1\n"));
  ward.erase<hospital::case_row>(hospital::row_prefix_unclosed() + "1");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(ward.text(), HasSubstr("runtime_dead_letters{reason=\"handler_crash\",service=\"pricing\"} 2\n"));
    EXPECT_THAT(ward.text(), HasSubstr("runtime_hospital_cases{state=\"open\"} 2\n"));
    EXPECT_THAT(ward.text(), HasSubstr("runtime_hospital_cases{state=\"replaying\"} 0\n"));
    ward.restart();
  }
}

TEST(CaseMetrics, AreCountedOnceWhenTheHospitalIsSpawnedAgain) {
  watched_store<hospital::case_metrics> ward;
  ward.open();
  ward.commit(a_case(hospital::row_prefix_unclosed(), "1", hospital::case_state::open));
  ward.respawn();
  EXPECT_THAT(ward.text(), HasSubstr("runtime_hospital_cases{state=\"open\"} 1\n"));
  EXPECT_THAT(ward.text(), HasSubstr("runtime_dead_letters{reason=\"handler_crash\",service=\"pricing\"} 1\n"));
}

}  // namespace
}  // namespace musiccorp

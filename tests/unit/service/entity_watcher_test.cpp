#include "service/entity_watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/toy_services.hpp"

namespace musiccorp::service {
namespace {

using namespace toys;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// Writes down what it is told of the book's sum.
class sum_watcher final : public entity_watcher {
 public:
  explicit sum_watcher(std::vector<std::string>& told) : told_{told} {}

  result<void> load(storage::store&) override {
    told_.emplace_back("open");
    return {};
  }
  [[nodiscard]] std::any taken_off(const saved_entity& entity) const override {
    const auto* sum = entity.as<total>();
    return sum != nullptr ? std::any{sum->amount} : std::any{};
  }
  void committed(const turn_effects::write& write) override {
    const auto* amount = std::any_cast<std::int64_t>(&write.counted);
    told_.push_back(write.key + " " + (amount != nullptr ? std::to_string(*amount) : "not counted"));
  }

 private:
  std::vector<std::string>& told_;
};

TEST(EntityWatcher, IsToldOfEachEntityThatIsCommittedAndOfNoOther) {
  const base::manual_clock time;
  telemetry::metrics_registry registry{time};
  std::vector<std::string> told;
  mischief trouble;
  trouble.crashes = {{"disc", 1}};
  trouble.busy = {{"disc", 1}};
  auto all = services(trouble);
  const auto book = std::ranges::find(all, "book", &service_definition::name);
  book->watched_by([&](auto&) { return std::make_unique<sum_watcher>(told); });
  testing::little_world world{std::move(all),
                              1,
                              {},
                              storage::memory_stores(),
                              [&](const std::string& service, const wiring&, partition_environment& environment) {
                                environment.cell = telemetry::cell_metrics{registry, service};
                              }};
  for (const auto* sale : {"1", "2"}) {
    world.ask("till", buy{sale, "disc"});
    world.pass(1min);  // Twice the first one's turn saves a sum and comes to nothing.
  }
  EXPECT_THAT(told, ElementsAre("open", "all 4", "all 8"));
  world.restart("book");
  world.ask("till", buy{"3", "disc"});
  world.settle();
  EXPECT_THAT(told, ElementsAre("open", "all 4", "all 8", "open", "all 12"));
}

TEST(EntityWatcher, LooksAtWhatATurnSavedLastAndAtNothingThatItErased) {
  const auto store = storage::make_memory_store();
  base::random_source random{1};
  std::vector<std::string> told;
  sum_watcher watcher{told};
  const message::envelope nothing{};
  turn now{nothing, "book", *store, instant{}, random, nullptr, nullptr, &watcher};
  now.save(total{"a", 1});
  now.save(total{"a", 2});
  now.save(total{"b", 3});
  now.erase<total>("b");
  now.save(sale{"c", 4});
  for (const auto& write : now.effects().writes) watcher.committed(write);
  EXPECT_THAT(told, ElementsAre("a 2", "b not counted", "c not counted"));
}

}  // namespace
}  // namespace musiccorp::service

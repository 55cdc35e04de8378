#include "demo/plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace musiccorp::demo {
namespace {

using messages::stock_summary;

const std::vector<std::string> customers{"a", "b", "c", "d", "e", "f", "g", "h"};

std::vector<stock_summary> stock() {
  std::vector<stock_summary> all;
  for (int i = 0; i < 40; ++i) all.push_back({"disc-" + std::to_string(i), 100 + i, 100 + i, 0, 0});
  return all;
}

std::map<order_kind, int> kinds_of(const order_plan& plan) {
  std::map<order_kind, int> counts;
  for (const auto& one : plan.orders) ++counts[one.kind];
  return counts;
}

TEST(Plan, IsTheSameForTheSameSeed) {
  const auto items = stock();
  const auto one = make_plan(7, 200, customers, items, "plan");
  const auto same = make_plan(7, 200, customers, items, "plan");
  const auto other = make_plan(8, 200, customers, items, "plan");
  bool differs = false;
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(one.orders[i].kind, same.orders[i].kind);
    EXPECT_EQ(one.orders[i].command.lines, same.orders[i].command.lines);
    EXPECT_EQ(one.orders[i].command.customer_id, same.orders[i].command.customer_id);
    differs |= one.orders[i].command.lines != other.orders[i].command.lines;
  }
  EXPECT_TRUE(differs);
}

TEST(Plan, HasEveryKindFromTwentyOrdersOn) {
  const auto items = stock();
  EXPECT_EQ(kinds_of(make_plan(1, 20, customers, items, "plan")).size(), order_kinds);
  EXPECT_EQ(make_plan(1, 20, customers, items, "plan").orders.size(), 20U);
  EXPECT_EQ(make_plan(1, 1, customers, items, "plan").orders.size(), 1U);
}

TEST(Plan, GivesEachOrderAKeyOfItsOwn) {
  const auto items = stock();
  std::set<std::string> keys;
  for (const auto& one : make_plan(1, 500, customers, items, "plan").orders) keys.insert(one.idempotency);
  EXPECT_EQ(keys.size(), 500U);
}

TEST(Plan, RushesForMoreThanThereIs) {
  const auto items = stock();
  std::int64_t wanted = 0;
  for (const auto& one : make_plan(1, 1'000, customers, items, "plan").orders)
    if (one.kind == order_kind::rush) wanted += one.command.lines.front().quantity;
  EXPECT_GT(wanted, 100);
}

TEST(Plan, GivesTheTwoPriceJobsItemsOfTheirOwn) {
  const auto items = stock();
  const auto plan = make_plan(1, 10, customers, items, "plan");
  EXPECT_NE(plan.poison_sku, plan.healthy_sku);
}

}  // namespace
}  // namespace musiccorp::demo

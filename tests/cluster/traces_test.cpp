// One order's trace on three real nodes: any door tells all of it, and who is missing when somebody is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "node/trace_page.hpp"
#include "support/ledger.hpp"
#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;

constexpr auto trace = "4bf92f3577b34da6a3ce929d0e0e4736";

class Traces : public three_nodes<::testing::Test> {
 protected:
  /// An order in this trace, and how to know all of its way when it is seen.
  void sell() {
    nodes_.start_all();
    expect_whole();
    const demo::shop_client door{connection_, nodes_.url("south")};
    const auto customer = door.post<messages::customer_summary>("/customers", demo::customer_body(1), 201).value();
    auto wish = door.post_request("/orders", R"({"customer_id":")" + customer.customer_id +
                                                 R"(","lines":[{"sku":"MC-0001","quantity":1}],)" +
                                                 R"("payment":{"card":"4242424242424242"}})");
    wish.headers.push_back({"traceparent", std::string{"00-"} + trace + "-00f067aa0ba902b7-01"});
    const auto order = connection_.fetch(wish);
    ASSERT_TRUE(order);
    ASSERT_EQ(order->status, 201) << order->body;
    ASSERT_TRUE(wait_for([&] { return has(page_of("south"), "turn notification order.shipped"); }));
  }
  node::trace_page page_of(const std::string& name) {
    const demo::shop_client door{connection_, nodes_.url(name)};
    return door.read<node::trace_page>(std::string{"/trace/"} + trace).value();
  }
  static bool has(const node::trace_page& page, const std::string& wanted) {
    return std::ranges::any_of(
        page.spans, [&](const auto& one) { return one.kind + " " + one.service + " " + one.type == wanted; });
  }
  static std::map<std::string, std::set<std::string>> services_by_node(const node::trace_page& page) {
    std::map<std::string, std::set<std::string>> found;
    for (const auto& one : page.spans) found[one.node].insert(one.service);
    return found;
  }
  /// What the other two tell when `missing` does not answer.
  void expect_without(const std::string& missing) {
    for (const auto& name : nodes_.names()) {
      if (name == missing) continue;
      SCOPED_TRACE(name);
      const auto began = std::chrono::steady_clock::now();
      const auto seen = page_of(name);
      EXPECT_LT(std::chrono::steady_clock::now() - began, 10s) << "a neighbour has a second";
      ASSERT_EQ(seen.nodes.size(), 3U);
      for (const auto& one : seen.nodes) {
        EXPECT_EQ(one.answered, one.node != missing) << one.node << ": " << one.trouble;
        EXPECT_EQ(one.trouble.empty(), one.node != missing) << one.node;
      }
      const auto by_node = services_by_node(seen);
      EXPECT_EQ(by_node.size(), 2U);
      EXPECT_FALSE(by_node.contains(missing));
      EXPECT_TRUE(std::ranges::any_of(seen.spans, [](const auto& one) {
        return one.is_orphan && one.kind != "request";
      })) << "what the missing one has caused stands alone";
    }
  }
};

TEST_F(Traces, AnyDoorTellsTheWholeTree) {
  sell();
  for (const auto& name : nodes_.names()) {
    SCOPED_TRACE(name);
    const auto seen = page_of(name);
    ASSERT_EQ(seen.nodes.size(), 3U);
    for (const auto& one : seen.nodes) EXPECT_TRUE(one.answered) << one.node << ": " << one.trouble;
    const auto by_node = services_by_node(seen);
    EXPECT_THAT(by_node.at("east"), ::testing::IsSupersetOf({"acquirer", "payment"}));
    EXPECT_THAT(by_node.at("north"), ::testing::IsSupersetOf({"catalog", "customer", "inventory", "order"}));
    EXPECT_THAT(by_node.at("south"), ::testing::IsSupersetOf({"http", "notification", "shipping", "warehouse"}));
    EXPECT_EQ(seen.spans.front().kind, "request");
    for (std::size_t i = 0; i < seen.spans.size(); ++i)
      EXPECT_EQ(seen.spans[i].depth == 0, i == 0)
          << seen.spans[i].kind << " " << seen.spans[i].service << " " << seen.spans[i].type;
  }
}

TEST_F(Traces, ANodeThatIsFrozenIsNamedAndMissedNoLongerThanASecond) {
  sell();
  nodes_.freeze("east");
  expect_without("east");  // At once, while the links still believe in it.
  for (const auto* other : {"north", "south"})
    ASSERT_TRUE(wait_for([&] { return is_link(other, "east", cluster::link_state::down); })) << other;
  expect_without("east");
  nodes_.resume("east");
  ASSERT_TRUE(wait_for([&] { return services_by_node(page_of("north")).size() == 3; }));
  expect_ledger_zero(shop());
}

TEST_F(Traces, ANodeThatIsAwayIsNamed) {
  sell();
  nodes_.kill("north");
  expect_without("north");
}

}  // namespace
}  // namespace musiccorp

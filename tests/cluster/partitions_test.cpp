// One shop on three real nodes whose busiest services have three partitions each, some of them two on one node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/ledger.hpp"
#include "support/run_program.hpp"
#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using cluster::link_state;
using ::testing::HasSubstr;

constexpr std::size_t clients = 6;

void partitioned(nlohmann::ordered_json& file) {
  file["partitions"] = {{"customer", 3}, {"order", 3}, {"payment", 3}, {"shipping", 3}, {"warehouse", 3}};
  const std::map<std::string, std::vector<std::string>> hosts{
      {"north", {"catalog", "inventory", "order/0", "order/1", "payment/0", "customer", "shipping/2"}},
      {"east", {"acquirer", "fraud", "pricing", "order/2", "payment/1", "shipping/0", "warehouse/0", "warehouse/1"}},
      {"south", {"hospital", "notification", "payment/2", "shipping/1", "warehouse/2"}}};
  for (auto& node : file["nodes"]) node["hosts"] = hosts.at(node["name"].get<std::string>());
}

class Partitions : public three_nodes<::testing::Test> {
 protected:
  Partitions() { nodes_.edit(partitioned); }

  [[nodiscard]] demo::shop_client door(const std::string& node) { return {connection_, nodes_.url(node)}; }
  std::string customer(const std::string& node, std::size_t number) {
    return door(node)
        .post<messages::customer_summary>("/customers", demo::customer_body(number), 201)
        .value()
        .customer_id;
  }
  http::client_response order(const std::string& node, const std::string& customer, const std::string& idempotency) {
    const messages::place_order wanted{customer, {{"MC-0001", 1}}, {"4000-0000-0000-0001"}};
    return connection_.fetch(door(node).post_request("/orders", describe::to_json(wanted), idempotency)).value();
  }
  /// Of one service, over all nodes: orders that a store file has.
  [[nodiscard]] std::set<std::string> files(const std::string& beginning) const {
    std::set<std::string> found;
    for (const auto& name : nodes_.names())
      for (const auto& one : std::filesystem::directory_iterator{nodes_.data(name)})
        if (one.path().extension() == ".db" && one.path().filename().string().starts_with(beginning))
          found.insert(name + "/" + one.path().filename().string());
    return found;
  }
};

TEST_F(Partitions, AKeyReachesItsPartitionFromEveryDoorAndListsAreWhole) {
  nodes_.start_all();
  expect_whole();
  EXPECT_EQ(files("order"), (std::set<std::string>{"east/order-2.db", "north/order-0.db", "north/order-1.db"}));
  std::vector<std::string> ids;
  const auto names = nodes_.names();
  for (std::size_t i = 0; i < 30; ++i) {
    const auto who = customer(names[i % 3], i);
    const auto first = order(names[i % 3], who, "key-" + std::to_string(i));
    ASSERT_EQ(first.status, 201) << first.body;
    for (const auto& name : names) EXPECT_EQ(order(name, who, "key-" + std::to_string(i)).body, first.body) << name;
    ids.push_back(describe::from_json<messages::order_summary>(first.body).value().order_id);
  }
  std::ranges::sort(ids);
  for (const auto& name : names) {
    for (const auto& id : ids) EXPECT_TRUE(door(name).get("/orders/" + id)) << name << " " << id;
    EXPECT_EQ(door(name).get("/orders/nobody").error().kind, fault_kind::not_found);
    for (const auto size : {1, 7, 30, 200}) {
      std::vector<std::string> listed;
      std::string after;
      do {
        const auto page = door(name)
                              .read<messages::order_page>("/orders?page_size=" + std::to_string(size) +
                                                          (after.empty() ? "" : "&page_token=" + after))
                              .value();
        EXPECT_LE(page.orders.size(), static_cast<std::size_t>(size));
        for (const auto& one : page.orders) listed.push_back(one.order_id);
        after = page.next_page_token;
      } while (!after.empty());
      EXPECT_EQ(listed, ids) << name << " in pages of " << size;
    }
  }
  // All of it runs through its services, whoever has which part.
  for (const auto& id : ids)
    EXPECT_TRUE(wait_for([&] {
      const auto now = door("south").read<messages::order_summary>("/orders/" + id);
      return now && now->status == messages::order_status::shipped;
    })) << id;
  EXPECT_EQ(connection_.fetch(door("north").get_request("/orders?page_size=0")).value().status, 400);
  EXPECT_THAT(run_program({"status", "--shop", nodes_.url("north")}).out, HasSubstr("order/2"));
  expect_ledger_zero(shop(), rest_longest_);
  for (const auto& name : names) EXPECT_EQ(nodes_.stop(name), (demo::process_end{0, 0})) << name;
}

TEST_F(Partitions, KeepEveryPromiseWhileEachNodeIsKilled) {
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), clients};
  board_.put(nodes_.url("south"));
  for (const auto& name : nodes_.names()) {
    let_work(load, 60);
    board_.put(nodes_.url(name == "north" ? "east" : "north"));
    let_work(load, 60);
    nodes_.kill(name);
    nodes_.start(name);
    expect_whole();
  }
  let_work(load, 60);
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 200U);
  expect_all_promises(answered);
}

TEST_F(Partitions, AListIsNotToldAsWholeWhileAPartIsMissing) {
  nodes_.start("north");
  nodes_.start("south");
  ASSERT_TRUE(wait_for([&] { return is_link("south", "north", link_state::up); }));
  EXPECT_EQ(connection_.fetch(door("north").get_request("/orders")).value().status, 503) << "order/2 is on east";
  const auto who = customer("south", 1);
  int taken = 0, refused = 0;
  for (int i = 0; i < 40; ++i) {
    const auto status = order("south", who, "key-" + std::to_string(i)).status;
    taken += int{status == 201};
    refused += int{status == 503};
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(refused, 0) << "those of order/2";
  EXPECT_EQ(taken + refused, 40);
  nodes_.start("east");
  for (int i = 0; i < 40; ++i)
    EXPECT_TRUE(wait_for([&] { return order("south", who, "key-" + std::to_string(i)).status == 201; })) << i;
  expect_ledger_zero(shop(), rest_longest_);
}

}  // namespace
}  // namespace musiccorp

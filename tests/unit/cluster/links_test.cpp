#include "cluster/links.hpp"

#include <gmock/gmock.h>

#include "unit/cluster/little_cluster.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

parcel order_parcel(const std::string& from, const std::string& to, std::uint64_t number) {
  message::envelope placed;
  placed.type = "order.placed";
  placed.seq = number;
  placed.payload = R"({"order_id":"o1"})";
  return {from, to, 1, "batch", R"({"n":1})", {placed}};
}

TEST(Links, ComeUpBetweenThreeNodesAndCarryParcelsInOrder) {
  const little_cluster cluster{{"a", "b", "c"}};
  little_node a{cluster.options("a")}, b{cluster.options("b")}, c{cluster.options("c")};
  for (auto* one : {&c, &a, &b}) ASSERT_TRUE(one->all->start());
  for (auto& [node, other] : std::vector<std::pair<little_node*, std::string>>{
           {&a, "b"}, {&a, "c"}, {&b, "a"}, {&b, "c"}, {&c, "a"}, {&c, "b"}})
    ASSERT_TRUE(node->until_up(other)) << other;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    ASSERT_TRUE(a.all->send(order_parcel("order-a", "order-b", i)));
    ASSERT_TRUE(c.all->send(order_parcel("order-c", "order-b", i)));
  }
  ASSERT_TRUE(b.until_parcels(2000));
  std::map<std::string, std::uint64_t> last;
  for (const auto& [from, come] : b.parcels) {
    EXPECT_EQ(come.from, "order-" + from);
    EXPECT_EQ(come.messages.at(0).seq, ++last[from]);
  }
  EXPECT_EQ(b.parcels[0].second, order_parcel(b.parcels[0].second.from, "order-b", 1));
}

}  // namespace
}  // namespace musiccorp::cluster

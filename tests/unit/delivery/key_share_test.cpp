#include "delivery/key_share.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace musiccorp::delivery {
namespace {

/// Stores and nodes of every version have to agree for ever: these may not change.
TEST(KeyShare, PlacesKeysAsEver) {
  const std::vector<std::pair<std::string, std::uint32_t>> known{
      {"", 37U}, {"a", 12U}, {"01M8G8B05VBCGXJ0ECTKMZP54W", 27U}, {"MC-0001", 55U}, {"order/2", 14U}, {"Zoë", 60U}};
  for (const auto& [key, slot] : known) EXPECT_EQ(slot_of(key), slot) << key;
}

TEST(KeyShare, EachKeyHasOneOwner) {
  for (const std::uint32_t partitions : {1U, 2U, 3U, 7U, 64U})
    for (int i = 0; i < 1'000; ++i) {
      const auto key = "key-" + std::to_string(i);
      std::uint32_t owners = 0;
      for (std::uint32_t index = 0; index < partitions; ++index) {
        const key_share share{index, partitions, {}};
        owners += std::uint32_t{share.owns(key)};
        EXPECT_EQ(share.owns(key), partitions == 1 || share.owns_slot(slot_of(key)));
      }
      EXPECT_EQ(owners, 1U) << key << " of " << partitions;
    }
}

TEST(KeyShare, SharesAreAboutEqual) {
  std::array<int, 3> counts{};
  for (int i = 0; i < 30'000; ++i) ++counts[partition_of("01M8G8B0" + std::to_string(i * 7919), 3)];
  for (const auto count : counts) EXPECT_NEAR(count, 10'000, 1'500);
}

TEST(KeyShare, SomeTypesAreForEverybody) {
  const key_share share{1, 3, {"fraud.flag_updated"}};
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(share.takes("fraud.flag_updated", std::to_string(i)));
    taken += int{share.takes("order.placed", std::to_string(i))};
  }
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, 100);
  EXPECT_TRUE((key_share{0, 1, {}}.takes("order.placed", "x")));
}

}  // namespace
}  // namespace musiccorp::delivery

#include "base/random.hpp"

#include <set>

#include <gtest/gtest.h>

namespace musiccorp::base {
namespace {

TEST(Random, TheSameSeedGivesTheSameRun) {
  random_source one{7}, two{7}, other{8};
  EXPECT_EQ(one.next(), two.next());
  EXPECT_NE(one.next(), other.next());
}

TEST(Random, StaysBelowItsBound) {
  random_source random{1};
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(5));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(random.below(0), 0U);
  EXPECT_LT(random.unit(), 1.0);
}

TEST(Random, IdsSortByTime) {
  random_source random{1};
  const auto early = make_id(instant{1'000'000us}, random);
  const auto late = make_id(instant{2'000'000us}, random);
  EXPECT_LT(early, late);
  EXPECT_EQ(early.size(), 26U);
}

TEST(Random, StableHashNeverChanges) {
  EXPECT_EQ(stable_hash(""), 0xcbf29ce484222325ULL);  // FNV-1a's published offset basis
  EXPECT_EQ(stable_hash("a"), 0xaf63dc4c8601ec8cULL);  // and its published test vector
}

}  // namespace
}  // namespace musiccorp::base

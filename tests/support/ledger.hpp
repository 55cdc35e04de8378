#pragma once

#include <gtest/gtest.h>

#include <chrono>

#include "demo/books.hpp"

namespace musiccorp::testing {

/// Nothing was lost and nothing was doubled: waits until the shop is at rest, and then every queue of it has
/// published just what it has processed, buried, discarded or still keeps. Asked at the end of every scenario.
inline void expect_ledger_zero(const demo::shop_client& shop,
                               std::chrono::milliseconds longest = std::chrono::seconds{60}) {
  const auto rest = demo::wait_for_rest(shop, longest);
  ASSERT_TRUE(rest) << rest.error().text;
  const auto metrics = shop.metrics();
  ASSERT_TRUE(metrics) << metrics.error().text;
  const auto accounts = demo::queue_accounts(*metrics);
  EXPECT_FALSE(accounts.empty());
  for (const auto& one : accounts) {
    EXPECT_EQ(one.imbalance, 0) << one.queue;
    EXPECT_EQ(one.published, one.processed + one.dead + one.discarded + one.queued) << one.queue;
  }
}

}  // namespace musiccorp::testing

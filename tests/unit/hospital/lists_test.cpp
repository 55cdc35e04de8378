#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hospital/case_queries.hpp"
#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> ids(const std::vector<case_summary>& cases) {
  std::vector<std::string> all;
  for (const auto& one : cases) all.push_back(one.case_id);
  return all;
}

case_filter with_text(std::string text) { return {.text = std::move(text)}; }

TEST(CaseList, IsNewestFirstPageByPageAndEachCaseOnce) {
  ward_bench shop;
  std::vector<std::string> newest_first;
  for (std::uint64_t seq = 1; seq <= 57; ++seq) newest_first.insert(newest_first.begin(), shop.died(seq));
  list_cases query;
  query.page_size = 10;
  EXPECT_EQ(ids(shop.list_all(query)), newest_first);
}

TEST(CaseList, StaysStableWhileCasesAreOpenedAndHealed) {
  ward_bench shop;
  for (std::uint64_t seq = 1; seq <= 20; ++seq) shop.died(seq);
  list_cases query;
  query.page_size = 10;
  const auto first = shop.list(query);
  shop.died(21);
  shop.order_replay("post.order.15");
  shop.healed("post.order.15");
  query.page_token = first.next_page_token;
  const auto second = shop.list(query);
  EXPECT_EQ(second.cases.front().case_id, "post.order.10");
  EXPECT_THAT(second.cases, SizeIs(10));
}

TEST(CaseList, IsFilteredByWhatItsRowsSay) {
  ward_bench shop;
  const auto first = shop.died(1);
  const auto second = shop.died(2, "the address is unknown");
  shop.order_replay(second);
  const auto found = [&](case_filter filter) { return ids(shop.list_all({std::move(filter), 50, {}})); };
  EXPECT_THAT(found({.service = "post"}), ElementsAre(second, first));
  EXPECT_THAT(found({.service = "pos"}), IsEmpty());
  EXPECT_THAT(found({.key = "p-1"}), ElementsAre(first));
  EXPECT_THAT(found({.state = case_state::open}), ElementsAre(first));
  EXPECT_THAT(found({.state = case_state::replaying}), ElementsAre(second));
  EXPECT_THAT(found({.group = shop.file(second).group_id}), ElementsAre(second));
  EXPECT_THAT(found({.type = "parcel", .reason = "attempts"}), ElementsAre(second, first));
  EXPECT_THAT(found(with_text("ADDRESS")), ElementsAre(second));
  shop.healed(second);
  EXPECT_THAT(found({.state = case_state::healed}), ElementsAre(second));
  EXPECT_THAT(found({.state = case_state::replaying}), IsEmpty());
}

TEST(CaseList, KnowsSinceAndUntil) {
  ward_bench shop;
  const auto start = shop.bench.clock.now();
  for (std::uint64_t seq = 1; seq <= 5; ++seq) shop.died(seq);  // One each millisecond.
  const auto at = [&](int step) { return start + std::chrono::milliseconds{step}; };
  EXPECT_THAT(ids(shop.list_all({{.since = at(1), .until = at(3)}, 50, {}})),
              ElementsAre("post.order.3", "post.order.2"));
  EXPECT_THAT(shop.list_all({{.since = at(9)}, 50, {}}), IsEmpty());
  EXPECT_THAT(shop.list_all({{.until = at(0)}, 50, {}}), IsEmpty());
  EXPECT_THAT(shop.list_all({{.since = at(0)}, 2, {}}), SizeIs(5));
}

TEST(CaseList, LooksThroughALimitedNumberOfCasesAndGoesOnFromThere) {
  ward_bench shop{{.rows_scanned_max = 100}};
  for (std::uint64_t seq = 1; seq <= 1'000; ++seq) shop.died(seq, seq == 3 ? "the needle" : "hay");
  list_cases query{with_text("needle"), 50, {}};
  std::size_t pages = 0;
  std::vector<std::string> found;
  do {
    const auto page = shop.list(query);
    EXPECT_LE(page.looked_at, 100U);
    for (const auto& one : page.cases) found.push_back(one.case_id);
    query.page_token = page.next_page_token;
    ++pages;
  } while (!query.page_token.empty());
  EXPECT_THAT(found, ElementsAre("post.order.3"));
  EXPECT_GE(pages, 10U);
}

TEST(CaseList, OfOpenCasesDoesNotLookAtThoseThatAreClosed) {
  ward_bench shop{{.rows_scanned_max = 10}};
  shop.died(1);
  for (std::uint64_t seq = 2; seq <= 200; ++seq) {
    const auto id = shop.died(seq);
    shop.order_replay(id);
    shop.healed(id);
  }
  const auto page = shop.list(list_cases{{.state = case_state::open}, 50, {}});
  EXPECT_THAT(ids(page.cases), ElementsAre("post.order.1"));
  EXPECT_EQ(page.looked_at, 1U);
}

}  // namespace
}  // namespace musiccorp::hospital

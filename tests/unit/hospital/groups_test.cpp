#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "hospital/group_rules.hpp"
#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<group_summary> groups_of(ward_bench& shop, list_groups query = {}) {
  return shop.run(answer_groups, query).as<group_page>().groups;
}

TEST(Groups, HoldCasesThatFailedInTheSameWay) {
  ward_bench shop;
  shop.died(1, "parcel 1 weighs 70 kg");
  const auto newest = shop.died(2, "parcel 2 weighs 81 kg");
  shop.died(3, "no such street");
  const auto groups = groups_of(shop);
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].error, "no such street");
  EXPECT_EQ(groups[1].error, "parcel # weighs # kg");
  EXPECT_EQ(groups[1].open, 2U);
  EXPECT_EQ(groups[1].sample_case, newest);
  EXPECT_LT(groups[1].first_seen_at, groups[1].last_seen_at);
}

TEST(Groups, DoNotDifferByPersonalData) {
  ward_bench shop;
  for (const auto* name : {"Ada", "Bob"}) {
    auto death = shop.death(name[0] == 'A' ? 1 : 2, std::string{name} + " has moved");
    death.message.payload = describe::to_json(parcel{"p", name, "x@y", 1});
    shop.run(hear_death, death);
  }
  ASSERT_THAT(groups_of(shop), SizeIs(1));
  EXPECT_EQ(groups_of(shop)[0].error, "*** has moved");
}

TEST(Groups, DifferByBacktraceButNotByItsAddresses) {
  ward_bench shop;
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    auto death = shop.death(seq);
    death.attempts.back().backtrace =
        seq < 3 ? "#0 0x55d" + std::to_string(seq) + " in weigh()" : "#0 0x55 in ship()";
    shop.run(hear_death, death);
  }
  EXPECT_THAT(groups_of(shop), SizeIs(2));
}

TEST(Groups, AreFilteredAndComeLastSeenFirst) {
  ward_bench shop;
  shop.died(1, "first");
  shop.died(2, "second");
  shop.died(3, "first");
  EXPECT_EQ(groups_of(shop)[0].error, "first");
  EXPECT_THAT(groups_of(shop, {.text = "SECOND"}), SizeIs(1));
  EXPECT_THAT(groups_of(shop, {.service = "nobody"}), IsEmpty());
  EXPECT_THAT(groups_of(shop, {.state = case_state::healed}), IsEmpty());
  EXPECT_THAT(groups_of(shop, {.state = case_state::open}), SizeIs(2));
  list_groups query;
  query.page_size = 1;
  const auto page = shop.run(answer_groups, query).as<group_page>();
  query.page_token = page.next_page_token;
  EXPECT_EQ(groups_of(shop, query).at(0).error, "second");
}

TEST(Groups, AreLeftByACaseThatDiesInAnotherWay) {
  ward_bench shop;
  const auto id = shop.died(1, "first");
  shop.order_replay(id);
  shop.died_again(id, "second");
  ASSERT_THAT(groups_of(shop), SizeIs(1));
  EXPECT_EQ(groups_of(shop)[0].error, "second");
}

/// Counts from the cases themselves.
std::map<std::string, std::map<case_state, std::uint64_t>> recount(ward_bench& shop) {
  std::map<std::string, std::map<case_state, std::uint64_t>> counts;
  for (const auto& one : shop.list_all({{}, 200, {}})) {
    const auto file = shop.file(one.case_id);
    EXPECT_EQ(describe::to_json(summary_of(file)), describe::to_json(one));
    ++counts[file.group_id][file.state];
  }
  return counts;
}

void expect_counts(ward_bench& shop) {
  auto wanted = recount(shop);
  list_groups query;
  query.page_size = 200;
  const auto groups = groups_of(shop, query);
  EXPECT_EQ(groups.size(), wanted.size());
  for (auto group : groups)
    for (const auto state :
         {case_state::open, case_state::replaying, case_state::discarding, case_state::healed, case_state::discarded})
      EXPECT_EQ(group.count(state), wanted[group.group_id][state]) << group.error << " " << describe::name_of(state);
}

TEST(Groups, CountTheirCasesRightAfterAnyHistory) {
  ward_bench shop{{.kept_closed_days = 1}};
  base::random_source random{7};
  const std::vector<std::string> errors{"one", "two", "three 3"};
  std::uint64_t seq = 0;
  for (int step = 0; step < 3'000; ++step) {
    shop.bench.clock.advance(std::chrono::minutes{random.below(10)});
    const auto error = errors[random.below(errors.size())];
    const auto id = delivery::case_id_of("post", "order", 1 + random.below(seq + 1));
    const bool known = shop.bench.stored<case_file>(id).has_value();
    const auto choice = random.below(8);
    if (choice == 0 || !known) shop.died(++seq, error);
    if (!known) continue;
    if (choice == 1) shop.order_replay(id);
    if (choice == 2) shop.order_discard(id);
    if (choice == 3) shop.died_again(id, error);
    if (choice == 4) shop.healed(id);
    if (choice == 5) shop.discarded(id);
    if (choice == 6) shop.refused(id);
    if (choice == 7) shop.refused(id, "discard_message");
    if (step % 300 == 0) expect_counts(shop);
  }
  expect_counts(shop);
  EXPECT_LT(recount(shop).size(), 4U);
  EXPECT_LT(shop.list_all({{}, 200, {}}).size(), seq) << "nothing was forgotten: this test says too little";
}

}  // namespace
}  // namespace musiccorp::hospital

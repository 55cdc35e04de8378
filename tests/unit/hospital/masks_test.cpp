#include "hospital/masks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hospital/rehearsal_rules.hpp"
#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Masks, HideAPayloadThatCannotBeReadAsAWhole) {
  ward_bench shop;
  auto death = shop.death(1);
  death.message.payload = R"({"parcel_id":"p","name":"Ada Lovelace","email":3})";
  shop.run(hear_death, death);
  const auto one = shop.shown(death.case_id);
  EXPECT_FALSE(one.message.payload);
  EXPECT_THAT(one.message.hidden, HasSubstr("parcel"));
}

/// Everything that the hospital would answer about one case whose texts are full of what its payload holds.
class Marked : public ::testing::Test {
 protected:
  static constexpr auto secret = "MARKED-SECRET";

  Marked() {
    auto death = shop.death(1, "nobody called MARKED-SECRET lives there");
    death.message.payload = describe::to_json(parcel{"p-1", secret, "marked-secret@example.org", 7});
    death.attempts[0].backtrace = "#0 find(\"MARKED-SECRET\")";
    shop.run(hear_death, death);
    id = death.case_id;
    shop.order_edit(id, describe::to_json(parcel{"p-1", secret, "b", 8}));
    shop.refused(id, "replay_message", "MARKED-SECRET is gone");
  }

  [[nodiscard]] static std::string lower(std::string text) {
    for (auto& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
  }
  static void expect_masked(const std::string& answer) {
    EXPECT_THAT(lower(answer), Not(HasSubstr("marked-secret"))) << answer;
  }

  ward_bench shop;
  std::string id;
};

TEST_F(Marked, ValuesAreInNoAnswer) {
  expect_masked(describe::to_json(shop.shown(id)));
  expect_masked(describe::to_json(shop.list(list_cases{})));
  expect_masked(describe::to_json(shop.run(answer_groups, list_groups{}).as<group_page>()));
  expect_masked(describe::to_json(shop.run(answer_group, show_group{shop.file(id).group_id}).as<group_summary>()));
  expect_masked(describe::to_json(shop.run(answer_audit, list_audit{}).as<audit_page>()));
  shop.run(submit, start_batch{.reason = "all"});
  const auto batch = shop.run(answer_batches, list_batches{}).as<batch_page>().batches.at(0);
  shop.run(work_off, continue_batch{batch.batch_id, 1});
  shop.run(hear_death, [&] {
    auto death = shop.death_again(1, shop.file(id).replay, "MARKED-SECRET again");
    death.message.payload = describe::to_json(parcel{"p-1", secret, "c", 7});
    return death;
  }());
  expect_masked(describe::to_json(shop.run(answer_batch, show_batch{batch.batch_id}).as<batch_detail>()));
  expect_masked(describe::to_json(shop.shown(id)));
}

/// Of spaces, that is: an empty one is no message.
TEST_F(Marked, NobodyActsWithoutANameOrAReason) {
  const auto lines = [&] { return shop.run(answer_audit, list_audit{}).as<audit_page>().entries.size(); };
  const auto before = lines();
  const auto version = shop.file(id).version;
  const std::string no = " \t\n", good = "it is mended";
  for (const auto& [by, reason] : {std::pair{no, good}, std::pair{std::string{"lee"}, no}}) {
    EXPECT_EQ(status_of(shop.run(answer_revealed, reveal_case{id, by, reason}, shop.behind)), 422);
    EXPECT_EQ(status_of(shop.run(submit, start_batch{.by = by, .reason = reason})), 422);
    EXPECT_EQ(status_of(shop.run(discard, discard_case{id, version, by, reason, false})), 422);
    EXPECT_EQ(status_of(shop.run(edit, edit_case{id, version, by, reason, {"{}"}})), 422);
  }
  EXPECT_EQ(status_of(shop.run(replay, replay_case{id, version, no, good})), 422);
  EXPECT_EQ(lines(), before);
  EXPECT_EQ(shop.file(id).version, version);
  ASSERT_FALSE(shop.run(submit, start_batch{.reason = good, .rate_per_second = 1}).is<base::rejected>());
  const auto batch = shop.run(answer_batches, list_batches{}).as<batch_page>().batches.at(0);
  EXPECT_EQ(status_of(shop.run(cancel, cancel_batch{batch.batch_id, no, good})), 422);
}

TEST_F(Marked, ValuesAreNotInARehearsal) {
  delivery::rehearsal played{id, "internal", "MARKED-SECRET is unknown", {}, {}, {}};
  played.writes.push_back({"shelf", "p-1", describe::raw_json{R"({"for":"MARKED-SECRET"})"}});
  played.messages.push_back({"parcel", 1, "p-1", "", {describe::to_json(parcel{"p-1", secret, "d", 1})}});
  played.messages.push_back({"unheard_of", 1, "p-1", "", {R"({"for":"MARKED-SECRET"})"}});
  const auto show = [&](const show_rehearsal& query) {
    return shop.bench.run(
        [&](turn& now, const show_rehearsal& one, const delivery::rehearsal& answer) {
          return answer_rehearsal(now, one, answer, shop.in);
        },
        query, played);
  };
  const auto seen = show({id}).as<rehearsal_view>();
  expect_masked(describe::to_json(seen));
  EXPECT_EQ(seen.writes.at(0).change, "saved");
  EXPECT_FALSE(seen.writes.at(0).body);
  EXPECT_TRUE(seen.messages.at(0).payload);
}

TEST_F(Marked, ValuesAreShownToWhoAsksForThemAndThatIsWrittenDown) {
  const auto whole =
      shop.run(answer_revealed, reveal_case{id, "lee", "the customer calls"}, shop.behind).as<case_detail>();
  EXPECT_TRUE(whole.is_revealed);
  EXPECT_THAT(whole.message.payload->text, HasSubstr(secret));
  EXPECT_THAT(whole.error, HasSubstr(secret));
  EXPECT_THAT(whole.attempt_records.at(0).text, HasSubstr(secret));
  const auto line = shop.run(answer_audit, list_audit{}).as<audit_page>().entries.at(0);
  EXPECT_EQ(line.action, "reveal");
  EXPECT_EQ(line.by, "lee");
  EXPECT_EQ(line.reason, "the customer calls");
}

TEST_F(Marked, ValuesAreNotFoundByASearch) {
  EXPECT_TRUE(shop.list_all(list_cases{{.text = "marked-secret"}, 50, {}}).empty());
  EXPECT_EQ(shop.list_all(list_cases{{.text = "NOBODY called"}, 50, {}}).size(), 1U);
}

}  // namespace
}  // namespace musiccorp::hospital

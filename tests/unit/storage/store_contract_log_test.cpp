#include <limits>

#include "store_contract.hpp"

namespace musiccorp::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::literals;

TEST_P(StoreContract, NumbersMessagesWithoutGaps) {
  EXPECT_EQ(at().last_seq(), 0u);
  commit([](store& s) {
    for (std::uint64_t expected = 1; expected <= 3; ++expected) {
      auto message = sample_event();
      ASSERT_TRUE(s.append(message));
      EXPECT_EQ(message.seq, expected);
      EXPECT_EQ(s.last_seq(), expected);
    }
  });
  append(sample_event());
  EXPECT_EQ(at().last_seq(), 4u);
  EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4));
}

TEST_P(StoreContract, GivesBackEveryFieldOfAMessage) {
  auto message = sample_request("inventory");
  message.payload = "{\"name\":\"Bj\xc3\xb6rk\"}\0tail"s;
  message.version = -2;
  auto expected = message;
  expected.seq = 1;
  append(message);
  reopen();
  EXPECT_THAT(at().read_log(0, {}).value(), ElementsAre(expected));
}

TEST_P(StoreContract, KeepsAMessageWithEmptyFieldsAndALargeOne) {
  append(envelope{});
  auto large = sample_event();
  large.payload.assign(1 << 20, 'p');
  append(large);
  large.seq = 2;
  envelope empty;
  empty.seq = 1;
  EXPECT_EQ(at().read_log(0, {.messages = 1}).value().at(0), empty);
  EXPECT_EQ(at().read_log(1, {}).value().at(0), large);
}

TEST_P(StoreContract, ReadsTheLogAfterAPosition) {
  for (int i = 0; i < 4; ++i) append(sample_event());
  EXPECT_THAT(seqs(2), ElementsAre(3, 4));
  EXPECT_THAT(seqs(4), IsEmpty());
  EXPECT_THAT(seqs(std::numeric_limits<std::uint64_t>::max()), IsEmpty());
}

TEST_P(StoreContract, ReadsAtMostTheLimits) {
  for (int i = 0; i < 5; ++i) append(sample_event());
  const auto size = at().read_log(0, {}).value().at(0).size();
  EXPECT_THAT(seqs(0, {.messages = 2}), ElementsAre(1, 2));
  EXPECT_THAT(seqs(0, {.bytes = 3 * size}), ElementsAre(1, 2, 3));
  EXPECT_THAT(seqs(0, {.bytes = 3 * size - 1}), ElementsAre(1, 2));
}

TEST_P(StoreContract, ReadsAtLeastOneMessageWhateverTheLimits) {
  append(sample_event());
  append(sample_event());
  EXPECT_THAT(seqs(0, {.messages = 10, .bytes = 1}), ElementsAre(1));
  EXPECT_THAT(seqs(1, {.messages = 0, .bytes = 0}), ElementsAre(2));
}

TEST_P(StoreContract, ReadsItsOwnAppendsInsideATransaction) {
  commit([&](store& s) {
    auto message = sample_event();
    ASSERT_TRUE(s.append(message));
    EXPECT_THAT(seqs(), ElementsAre(1));
    EXPECT_EQ(s.published().value().at(0).count, 1u);
  });
}

TEST_P(StoreContract, CountsWhatItHasPublishedByTypeAndAddressee) {
  append(sample_event("b"));
  append(sample_event("a"));
  append(sample_event("b"));
  append(sample_request("warehouse"));
  append(sample_request("inventory"));
  const std::vector<published_row> expected{
      {"a", "", 1}, {"b", "", 2}, {"reserve_stock", "inventory", 1}, {"reserve_stock", "warehouse", 1}};
  EXPECT_EQ(at().published().value(), expected);
  reopen();
  EXPECT_EQ(at().published().value(), expected);
}

TEST_P(StoreContract, TrimsTheOldEndOfTheLog) {
  for (int i = 0; i < 5; ++i) append(sample_event("t", noon + i * 1s));
  commit([](store& s) { ASSERT_TRUE(s.trim_log(4, noon + 3s)); });
  EXPECT_THAT(seqs(), ElementsAre(4, 5)) << "younger than asked for";
  commit([](store& s) { ASSERT_TRUE(s.trim_log(4, noon + 1h)); });
  EXPECT_THAT(seqs(), ElementsAre(5)) << "not behind the given position";
}

TEST_P(StoreContract, KeepsTheLogWithoutGapsWhenTimesAreOutOfOrder) {
  append(sample_event("t", noon));
  append(sample_event("t", noon + 1h));
  append(sample_event("t", noon));
  commit([](store& s) { ASSERT_TRUE(s.trim_log(3, noon + 1s)); });
  EXPECT_THAT(seqs(), ElementsAre(2, 3));
}

TEST_P(StoreContract, GoesOnCountingAfterTheWholeLogIsTrimmed) {
  append(sample_event("t"));
  append(sample_event("t"));
  commit([](store& s) { ASSERT_TRUE(s.trim_log(std::numeric_limits<std::uint64_t>::max(), instant::max())); });
  EXPECT_THAT(seqs(), IsEmpty());
  reopen();
  EXPECT_EQ(at().last_seq(), 2u);
  EXPECT_THAT(at().published().value(), ElementsAre(published_row{"t", "", 2}));
  append(sample_event("t"));
  EXPECT_THAT(seqs(), ElementsAre(3));
}

TEST_P(StoreContract, CountsEventsBySlotsWithTheirTransaction) {
  commit([](store& s) {
    auto one = sample_event("t");
    ASSERT_TRUE(s.append(one));
    ASSERT_TRUE(s.count_slot("t", 63));
    ASSERT_TRUE(s.append(one));
    ASSERT_TRUE(s.count_slot("t", 0));
    ASSERT_TRUE(s.append(one));
    ASSERT_TRUE(s.count_slot("t", 63));
  });
  ASSERT_TRUE(at().begin());
  auto lost = sample_event("t");
  ASSERT_TRUE(at().append(lost));
  ASSERT_TRUE(at().count_slot("t", 5));
  at().rollback();
  const std::vector<published_slot_row> wanted{{"t", 0, 1}, {"t", 63, 2}};
  EXPECT_EQ(at().published_slots().value(), wanted);
  reopen();
  EXPECT_EQ(at().published_slots().value(), wanted);
  EXPECT_THAT(at().published().value(), ElementsAre(published_row{"t", "", 3}));
}

TEST_P(StoreContract, KnowsWhichGenerationWroteWhat) {
  using generation = log_generation;
  const auto begin = [this](std::string_view id) { commit([&](store& s) { ASSERT_TRUE(s.begin_generation(id)); }); };
  EXPECT_THAT(at().generations().value(), IsEmpty());
  append(sample_event("t"));
  begin("a");
  begin("b");  // The first one has written nothing.
  append(sample_event("t"));
  append(sample_event("t"));
  reopen();
  begin("c");
  append(sample_event("t"));
  roll_back([](store& s) { ASSERT_TRUE(s.begin_generation("lost")); });
  const std::vector<generation> all{{1, "b"}, {3, "c"}};
  EXPECT_EQ(at().generations().value(), all);
  reopen();
  EXPECT_EQ(at().generations().value(), all);
  const auto wrote = [&](std::uint64_t seq) { return generation_at(all, seq); };
  EXPECT_EQ(wrote(0), "");
  EXPECT_EQ(wrote(1), "");
  EXPECT_EQ(wrote(2), "b");
  EXPECT_EQ(wrote(3), "b");
  EXPECT_EQ(wrote(4), "c");
}

TEST_P(StoreContract, ForgetsGenerationsWithTheirMessages) {
  for (const auto* id : {"a", "b", "c"}) {
    commit([&](store& s) { ASSERT_TRUE(s.begin_generation(id)); });
    append(sample_event("t"));
    append(sample_event("t"));
  }
  const auto left = [this](std::uint64_t upto) {
    commit([&](store& s) { ASSERT_TRUE(s.trim_log(upto, instant::max())); });
    std::string ids;
    const auto all = at().generations().value();
    for (const auto& one : all) ids += one.id;
    return ids;
  };
  EXPECT_EQ(left(1), "abc");
  EXPECT_EQ(left(2), "abc") << "a subscriber may have come as far as the end of the first";
  EXPECT_EQ(left(3), "bc");
  EXPECT_EQ(left(6), "c");
  reopen();
  EXPECT_EQ(left(6), "c");
}

TEST_P(StoreContract, SaysWhenTheOldestMessageWasWritten) {
  EXPECT_EQ(at().oldest_after(0).value(), std::nullopt);
  append(sample_event("t", noon));
  append(sample_event("t", noon + 1s));
  EXPECT_EQ(at().oldest_after(0).value(), noon);
  EXPECT_EQ(at().oldest_after(1).value(), noon + 1s);
  EXPECT_EQ(at().oldest_after(2).value(), std::nullopt);
}

}  // namespace
}  // namespace musiccorp::storage

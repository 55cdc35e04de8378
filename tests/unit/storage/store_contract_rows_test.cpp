#include <limits>

#include "store_contract.hpp"

namespace musiccorp::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::literals;

const cursor_row cursor_a{"a", 10, 9, 6, 2, 1};
const cursor_row cursor_b{"b", 1, 1, 1, 0, 0};

TEST_P(StoreContract, KeepsOneCursorPerUpstream) {
  EXPECT_THAT(at().cursors().value(), IsEmpty());
  commit([](store& s) {
    ASSERT_TRUE(s.save(cursor_b));
    ASSERT_TRUE(s.save(cursor_row{"a", 1, 1, 1, 0, 0}));
    ASSERT_TRUE(s.save(cursor_a));
  });
  EXPECT_THAT(at().cursors().value(), ElementsAre(cursor_a, cursor_b));
  reopen();
  EXPECT_THAT(at().cursors().value(), ElementsAre(cursor_a, cursor_b));
}

TEST_P(StoreContract, KeepsHowFarEachSubscriberHasCome) {
  EXPECT_THAT(at().subscribers().value(), IsEmpty());
  commit([](store& s) {
    ASSERT_TRUE(s.save(subscriber_row{"mail", 3}));
    ASSERT_TRUE(s.save(subscriber_row{"audit", 4}));
  });
  commit([](store& s) { ASSERT_TRUE(s.save(subscriber_row{"mail", 5, 4})); });
  reopen();
  EXPECT_THAT(at().subscribers().value(), ElementsAre(subscriber_row{"audit", 4}, subscriber_row{"mail", 5, 4}));
}

TEST_P(StoreContract, SeesItsOwnCursorsInsideATransaction) {
  commit([](store& s) {
    ASSERT_TRUE(s.save(cursor_a));
    ASSERT_TRUE(s.save(subscriber_row{"mail", 3}));
    EXPECT_THAT(s.cursors().value(), ElementsAre(cursor_a));
    EXPECT_THAT(s.subscribers().value(), ElementsAre(subscriber_row{"mail", 3}));
  });
}

TEST_P(StoreContract, GivesBackEveryFieldOfAWaitingRow) {
  auto row = sample_waiting();
  row.message.seq = 7;
  row.message.payload.assign(1 << 20, 'w');
  row.error = "two\0parts"s;
  row.due = instant::max();
  commit([&](store& s) { ASSERT_TRUE(s.save(row)); });
  reopen();
  EXPECT_EQ(at().find_waiting(row.upstream, row.seq).value(), row);
  EXPECT_THAT(at().waiting().value(), ElementsAre(mark_of(row)));
  EXPECT_EQ(at().find_waiting(row.upstream, row.seq + 1).value(), std::nullopt);
}

TEST_P(StoreContract, ReadsWaitingRowsInOrderOfUpstreamAndSeq) {
  commit([](store& s) {
    for (const auto& [upstream, seq] :
         std::vector<std::pair<std::string, std::uint64_t>>{{"b", 2}, {"a", 10}, {"b", 1}, {"a", 9}})
      ASSERT_TRUE(s.save(sample_waiting(upstream, seq)));
  });
  std::vector<std::pair<std::string, std::uint64_t>> found;
  const auto read = at().waiting().value();
  for (const auto& row : read) found.emplace_back(row.upstream, row.seq);
  EXPECT_THAT(found,
              ElementsAre(std::pair{"a"s, 9u}, std::pair{"a"s, 10u}, std::pair{"b"s, 1u}, std::pair{"b"s, 2u}));
}

TEST_P(StoreContract, ReplacesAndErasesAWaitingRow) {
  auto row = sample_waiting();
  commit([&](store& s) { ASSERT_TRUE(s.save(row)); });
  row.state = waiting_state::dead;
  row.attempts = 8;
  commit([&](store& s) { ASSERT_TRUE(s.save(row)); });
  EXPECT_THAT(at().waiting().value(), ElementsAre(mark_of(row)));
  EXPECT_EQ(at().find_waiting(row.upstream, row.seq).value(), row);
  commit([&](store& s) {
    ASSERT_TRUE(s.erase_waiting(row.upstream, row.seq));
    ASSERT_TRUE(s.erase_waiting("nobody", 1));
  });
  EXPECT_THAT(at().waiting().value(), IsEmpty());
}

TEST_P(StoreContract, KeepsTheNewestAttemptsOfAMessageInTheirOrder) {
  commit([](store& s) {
    for (const int number : {3, 1, 2}) ASSERT_TRUE(s.save(sample_attempt(number)));
    ASSERT_TRUE(s.save(sample_attempt(1, 8)));
  });
  reopen();
  EXPECT_THAT(at().attempts("order", 7, 10).value(),
              ElementsAre(sample_attempt(1), sample_attempt(2), sample_attempt(3)));
  EXPECT_THAT(at().attempts("order", 7, 2).value(), ElementsAre(sample_attempt(2), sample_attempt(3)));
  EXPECT_THAT(at().attempts("payment", 7, 2).value(), IsEmpty());
  commit([](store& s) {
    ASSERT_TRUE(s.erase_attempt("order", 7, 2));
    ASSERT_TRUE(s.erase_attempt("order", 7, 99)) << "there is none";
  });
  EXPECT_THAT(at().attempts("order", 7, 10).value(), ElementsAre(sample_attempt(1), sample_attempt(3)));
}

TEST_P(StoreContract, ErasesTheAttemptsWithTheirMessage) {
  commit([](store& s) {
    ASSERT_TRUE(s.save(sample_waiting()));
    ASSERT_TRUE(s.save(sample_attempt(1)));
    ASSERT_TRUE(s.save(sample_attempt(2)));
    ASSERT_TRUE(s.save(sample_attempt(1, 8)));
  });
  commit([](store& s) { ASSERT_TRUE(s.erase_waiting("order", 7)); });
  EXPECT_THAT(at().attempts("order", 7, 10).value(), IsEmpty());
  EXPECT_THAT(at().attempts("order", 8, 10).value(), ElementsAre(sample_attempt(1, 8)));
}

TEST_P(StoreContract, KeepsSuspectsUntilTheyAreErased) {
  const suspect_row first{"order", 7, 1, 0, 2, true, "scene", "[]"};
  const suspect_row second{"payment", 2, 0, 2, 0, false, "", "[{}]"};
  commit([&](store& s) {
    ASSERT_TRUE(s.save(second));
    ASSERT_TRUE(s.save(suspect_row{"order", 7, 0, 1, 1, false, "", ""}));
    ASSERT_TRUE(s.save(first));
  });
  reopen();
  EXPECT_THAT(at().suspects().value(), ElementsAre(first, second));
  commit([](store& s) { ASSERT_TRUE(s.erase_suspect("order", 7)); });
  EXPECT_THAT(at().suspects().value(), ElementsAre(second));
}

TEST_P(StoreContract, FindsAnAnswerByItsIdempotencyKey) {
  EXPECT_EQ(at().find_answer("k").value(), std::nullopt);
  auto answer = sample_answer("k");
  commit([&](store& s) { ASSERT_TRUE(s.save(answer)); });
  EXPECT_EQ(at().find_answer("k").value(), answer);
  answer.status = 409;
  commit([&](store& s) {
    ASSERT_TRUE(s.save(answer));
    EXPECT_EQ(s.find_answer("k").value(), answer);
  });
  reopen();
  EXPECT_EQ(at().find_answer("k").value(), answer);
}

TEST_P(StoreContract, ListsOldAnswersAndErasesThem) {
  commit([](store& s) {
    ASSERT_TRUE(s.save(sample_answer("young", noon + 2s)));
    ASSERT_TRUE(s.save(sample_answer("older", noon)));
    ASSERT_TRUE(s.save(sample_answer("oldest", noon - 1s)));
    ASSERT_TRUE(s.save(sample_answer("just", noon + 1s)));
  });
  const auto old = at().old_answers(noon + 1s, 10).value();
  ASSERT_EQ(old.size(), 2U);
  EXPECT_EQ(old[0].idempotency, "oldest");
  EXPECT_EQ(old[0].conversation, "c-oldest");
  EXPECT_EQ(old[1].idempotency, "older");
  EXPECT_EQ(old[1].given, noon);
  EXPECT_EQ(at().old_answers(noon + 1s, 1).value().size(), 1U);
  commit([](store& s) { ASSERT_TRUE(s.erase_answer("older")); });
  EXPECT_FALSE(at().find_answer("older").value());
  EXPECT_TRUE(at().find_answer("just").value());
}

}  // namespace
}  // namespace musiccorp::storage

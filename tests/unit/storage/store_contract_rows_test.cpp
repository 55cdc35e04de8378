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
  commit([](store& s) { ASSERT_TRUE(s.save(subscriber_row{"mail", 5})); });
  reopen();
  EXPECT_THAT(at().subscribers().value(), ElementsAre(subscriber_row{"audit", 4}, subscriber_row{"mail", 5}));
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
  EXPECT_THAT(at().waiting().value(), ElementsAre(row));
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
  EXPECT_THAT(at().waiting().value(), ElementsAre(row));
  commit([&](store& s) {
    ASSERT_TRUE(s.erase_waiting(row.upstream, row.seq));
    ASSERT_TRUE(s.erase_waiting("nobody", 1));
  });
  EXPECT_THAT(at().waiting().value(), IsEmpty());
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

TEST_P(StoreContract, ForgetsAnswersThatAreOlder) {
  commit([](store& s) {
    ASSERT_TRUE(s.save(sample_answer("young", noon + 2s)));
    ASSERT_TRUE(s.save(sample_answer("old", noon)));
    ASSERT_TRUE(s.save(sample_answer("just", noon + 1s)));
  });
  commit([](store& s) { ASSERT_TRUE(s.forget_answers(noon + 1s)); });
  EXPECT_FALSE(at().find_answer("old").value());
  EXPECT_TRUE(at().find_answer("just").value());
  EXPECT_TRUE(at().find_answer("young").value());
}

}  // namespace
}  // namespace musiccorp::storage

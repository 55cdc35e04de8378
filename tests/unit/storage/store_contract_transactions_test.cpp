#include "store_contract.hpp"

namespace musiccorp::storage {
namespace {

using ::testing::ElementsAre;

/// One of everything.
void write_all(store& s, const std::string& name) {
  ASSERT_TRUE(s.save("order", name, "body of " + name));
  auto event = sample_event("event");
  ASSERT_TRUE(s.append(event));
  auto request = sample_request(name);
  ASSERT_TRUE(s.append(request));
  ASSERT_TRUE(s.save(cursor_row{name, 5, 4, 3, 1, 0}));
  ASSERT_TRUE(s.save(subscriber_row{name, 2}));
  ASSERT_TRUE(s.save(sample_waiting(name, 9)));
  auto attempt = sample_attempt(1, 9);
  attempt.upstream = name;
  ASSERT_TRUE(s.save(attempt));
  ASSERT_TRUE(s.save(suspect_row{name, 9, 1, 0, 0, false, "", "[]"}));
  ASSERT_TRUE(s.save(sample_answer(name)));
}

/// Everything that can be read, for comparison.
auto content_of(store& s) {
  std::vector<std::tuple<std::string, std::string, std::uint64_t>> entities;
  const auto read = s.list("order", {}).value();
  for (const auto& row : read) entities.emplace_back(row.key, row.body, row.version);
  return std::tuple{entities,
                    s.last_seq(),
                    s.read_log(0, {}).value(),
                    s.published().value(),
                    s.cursors().value(),
                    s.subscribers().value(),
                    s.waiting().value(),
                    s.find_waiting("b", 9).value(),
                    s.attempts("b", 9, 9).value(),
                    s.suspects().value(),
                    s.find_answer("a").value(),
                    s.find_answer("b").value()};
}

void change_all(store& s) {
  write_all(s, "a");
  write_all(s, "b");
  ASSERT_TRUE(s.erase("order", "a"));
  ASSERT_TRUE(s.save("order", "a", "again"));
  ASSERT_TRUE(s.trim_log(2, instant::max()));
  ASSERT_TRUE(s.erase_waiting("a", 9));
  ASSERT_TRUE(s.erase_suspect("a", 9));
  ASSERT_TRUE(s.erase_answer("a"));
}

TEST_P(StoreContract, ReadsAfterACommitWhatWasWritten) {
  commit([](store& s) { write_all(s, "a"); });
  const auto before = content_of(at());
  reopen();
  EXPECT_EQ(content_of(at()), before);
  EXPECT_EQ(at().last_seq(), 2u);
}

TEST_P(StoreContract, RestoresEverythingOnRollback) {
  commit([](store& s) { write_all(s, "a"); });
  const auto before = content_of(at());
  roll_back(change_all);
  EXPECT_EQ(content_of(at()), before);
  reopen();
  EXPECT_EQ(content_of(at()), before);
}

TEST_P(StoreContract, LosesAnOpenTransactionWhenItIsClosed) {
  commit([](store& s) { write_all(s, "a"); });
  const auto before = content_of(at());
  ASSERT_TRUE(at().begin());
  change_all(at());
  reopen();
  EXPECT_EQ(content_of(at()), before);
}

TEST_P(StoreContract, GivesTheNumbersOfARolledBackTransactionAgain) {
  append(sample_event());
  roll_back([](store& s) {
    auto lost = sample_event("lost");
    ASSERT_TRUE(s.append(lost));
    EXPECT_EQ(s.last_seq(), 2u);
  });
  EXPECT_EQ(at().last_seq(), 1u);
  append(sample_event("kept"));
  EXPECT_EQ(at().read_log(1, {}).value().at(0).type, "kept");
  EXPECT_THAT(seqs(), ElementsAre(1, 2));
}

TEST_P(StoreContract, GoesOnAfterARollback) {
  roll_back(change_all);
  commit([](store& s) { write_all(s, "a"); });
  EXPECT_EQ(body("order", "a"), "body of a");
  EXPECT_EQ(at().last_seq(), 2u);
}

TEST_P(StoreContract, RollsBackWhatNeverBegan) {
  at().rollback();
  save("order", "o-1", "a");
  at().rollback();
  EXPECT_EQ(body("order", "o-1"), "a");
}

TEST_P(StoreContract, HoldsItsUsersToTheOrderOfCalls) {
  auto message = sample_event();
  EXPECT_THROW((void)at().commit(), base::broken_promise);
  EXPECT_THROW((void)at().save("order", "o-1", "a"), base::broken_promise);
  EXPECT_THROW((void)at().append(message), base::broken_promise);
  ASSERT_TRUE(at().begin());
  EXPECT_THROW((void)at().begin(), base::broken_promise);
}

TEST_P(StoreContract, CountsCommitsThatWroteAndTheirMessages) {
  commit([](store& s) { write_all(s, "a"); });
  roll_back([](store& s) { write_all(s, "b"); });
  commit([](store& s) { EXPECT_TRUE(s.find("order", "a").value()); });
  commit([](store&) {});
  commit([](store& s) { ASSERT_TRUE(s.erase("order", "not there")); });
  const auto numbers = at().statistics();
  EXPECT_EQ(numbers.commits, 1u);
  EXPECT_EQ(numbers.messages, 2u);
  EXPECT_EQ(numbers.fsyncs, GetParam().name == "sqlite" ? 1u : 0u);
  EXPECT_EQ(numbers.bytes_on_disk > 0, GetParam().on_disk);
}

TEST_P(StoreContract, HasOneOwnerAtATime) {
  const auto second = factory_->open("order");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, fault_kind::busy);
  EXPECT_THAT(second.error().text, ::testing::HasSubstr("order"));
}

TEST_P(StoreContract, KeepsPartitionsApart) {
  save("order", "o-1", "a");
  auto other = factory_->open("payment").value();
  EXPECT_FALSE(other->find("order", "o-1").value());
}

TEST(WaitingState, HasAName) {
  EXPECT_EQ(name_of(waiting_state::retry), "retry");
  EXPECT_EQ(name_of(waiting_state::dead), "dead");
}

}  // namespace
}  // namespace musiccorp::storage

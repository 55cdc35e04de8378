#include "service/cell.hpp"
#include "unit/service/cell_world.hpp"

/// How much a cell holds for those who ask it, and what it says to the next one.
namespace musiccorp::service {
namespace {

using CellLimits = cell_world;

TEST_F(CellLimits, AnswersOverloadedAboveItsLimitAndLosesNobody) {
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 30; ++i) tokens.push_back(ask("till", buy{std::to_string(i), "disc"}));
  run();
  int sold_count = 0, overloaded = 0;
  for (const auto token : tokens) {
    ASSERT_TRUE(replies_.contains(token));
    if (std::holds_alternative<request::answer>(replies_.at(token)))
      ++sold_count;
    else if (std::get<fault>(replies_.at(token)).kind == fault_kind::overloaded)
      ++overloaded;
  }
  EXPECT_GT(sold_count, 0);
  EXPECT_GT(overloaded, 0);
  EXPECT_EQ(sold_count + overloaded, 30);
  EXPECT_EQ(booked().sales, sold_count);
  EXPECT_EQ(statuses_.at("till")->mailbox->depth(), 0U);
}

TEST_F(CellLimits, AnswersOverloadedAboveItsLimitOfBytesAndLosesNobody) {
  statuses_.at("till")->mailbox->bytes_limit = 2'000;
  std::vector<std::uint64_t> asked;
  for (int i = 0; i < 4; ++i) asked.push_back(ask("till", buy{std::to_string(i), std::string(900, 'd')}));
  EXPECT_GT(statuses_.at("till")->mailbox->bytes(), 900U);
  run();
  std::size_t sold = 0;
  for (const auto token : asked) {
    if (std::holds_alternative<request::answer>(replies_.at(token)))
      ++sold;
    else
      EXPECT_EQ(trouble_of(token), fault_kind::overloaded);
  }
  EXPECT_GE(sold, 1U);
  EXPECT_LT(sold, 4U);
  EXPECT_EQ(booked().sales, static_cast<std::int64_t>(sold));
  EXPECT_EQ(statuses_.at("till")->mailbox->bytes(), 0U);
  const auto large = ask("till", buy{"large", std::string(5'000, 'd')});
  run();
  EXPECT_EQ(answer<sale>(large).amount, 5'000) << "alone even a large one finds room";
}

TEST_F(CellLimits, HoldsNoMoreThanItsLimitWhileAnAskedServiceIsSilent) {
  const auto silent = be_silent("price");
  std::vector<std::uint64_t> asked;
  for (int i = 0; i < 30; ++i) {
    asked.push_back(ask("till", buy{std::to_string(i), "disc"}));
    run();  // Nothing waits in front of it: all that it holds is what it has taken.
  }
  const auto& till = *statuses_.at("till");
  EXPECT_EQ(till.mailbox->depth(), 8U);
  EXPECT_EQ(till.requests_pending, 8U);
  for (std::size_t i = 8; i < asked.size(); ++i) EXPECT_EQ(trouble_of(asked[i]), fault_kind::overloaded);
  EXPECT_EQ(till.requests_refused, 22U);

  caf::anon_send(silent, start_atom_v);
  run();
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(answer<sale>(asked[i]).amount, 4);
  EXPECT_EQ(till.mailbox->depth(), 0U);
  EXPECT_EQ(till.mailbox->bytes(), 0U);
  const auto later = ask("till", buy{"later", "disc"});
  run();
  EXPECT_EQ(till.mailbox->depth(), 1U) << "there is room again";
  EXPECT_FALSE(replies_.contains(later));
  caf::anon_send_exit(silent, caf::exit_reason::kill);
}

TEST_F(CellLimits, HoldsNoMoreBytesThanItsLimitWhileAnAskedServiceIsSilent) {
  const auto silent = be_silent("price");
  auto& box = *statuses_.at("till")->mailbox;
  box.bytes_limit = 4'000;
  std::vector<std::uint64_t> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back(ask("till", buy{std::to_string(i), std::string(900, 'd')}));
    run();
    EXPECT_LE(box.bytes(), 4'000U);
  }
  EXPECT_GT(box.bytes(), 2'000U) << "and no less than it could";
  EXPECT_EQ(trouble_of(asked.back()), fault_kind::overloaded);
  caf::anon_send(silent, start_atom_v);
  run();
  EXPECT_EQ(answer<sale>(asked.front()).amount, 4);
  EXPECT_EQ(box.bytes(), 0U);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
}

TEST_F(CellLimits, GivesItsPlacesBackWhenItBeginsAnewOrEnds) {
  const auto silent = be_silent("price");
  const auto box = statuses_.at("till")->mailbox;
  const auto first = ask("till", buy{"1", "disc"});
  run();
  ASSERT_EQ(box->depth(), 1U);
  caf::anon_send(places_->find("till"), rebuild_atom_v);
  run();
  EXPECT_EQ(trouble_of(first), fault_kind::unavailable);
  EXPECT_EQ(box->depth(), 0U);
  pass(1s);
  const auto second = ask("till", buy{"2", "disc"});
  run();
  ASSERT_EQ(box->depth(), 1U);
  caf::anon_send_exit(places_->find("till"), caf::exit_reason::kill);
  run();
  EXPECT_EQ(trouble_of(second), fault_kind::unavailable);
  EXPECT_EQ(box->depth(), 0U);
  EXPECT_EQ(box->bytes(), 0U);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
}

TEST(Mailbox, HasRoomForASenderThatOthersOvertook) {
  mailbox_state mailbox;
  mailbox.limit = 2;
  mailbox.accepted = 10;       // This sender will be the eleventh,
  mailbox.finished = 12;       // but two later ones have come and gone,
  mailbox.finished_seen = 12;  // and one of them looked.
  EXPECT_TRUE(mailbox.enter());
}

}  // namespace
}  // namespace musiccorp::service

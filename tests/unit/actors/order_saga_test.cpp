#include "order/order_saga.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace musiccorp::order {
namespace {

using enum order_status;
using enum saga_action;

constexpr std::array states{pending, placed, paid, packaged, shipped, rejected, cancelled};

std::array<saga_message, saga_messages> messages() {
  std::array<saga_message, saga_messages> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<saga_message>(i);
  return all;
}

std::string name(const transition& cell) {
  std::string text{describe::name_of(cell.action)};
  const bool moves = cell.action == advance || cell.action == place || cell.action == reject || cell.action == cancel;
  if (moves) text += " " + std::string{describe::name_of(cell.to)};
  if (cell.proven != pending) text += " after " + std::string{describe::name_of(cell.proven)};
  return text;
}

/// The whole chart once more, by message, in words; what is not here is a surprise.
const std::map<saga_message, std::map<order_status, std::string>>& expected() {
  using enum saga_message;
  static const std::map<saga_message, std::map<order_status, std::string>> chart{
      {stock_reserved,
       {{pending, "place placed"},
        {placed, "ignore"},
        {paid, "ignore"},
        {packaged, "ignore"},
        {shipped, "ignore"},
        {cancelled, "ignore"}}},
      {stock_rejected, {{pending, "reject rejected"}, {rejected, "ignore"}, {cancelled, "ignore"}}},
      {payment_received,
       {{pending, "wait"},
        {placed, "advance paid"},
        {paid, "ignore"},
        {packaged, "ignore"},
        {shipped, "ignore"},
        {cancelled, "ignore"}}},
      {payment_declined, {{pending, "wait"}, {placed, "cancel cancelled"}, {cancelled, "ignore"}}},
      {payment_refunded, {{cancelled, "note_refund"}}},
      {payment_voided, {{pending, "wait"}, {placed, "cancel cancelled"}, {cancelled, "ignore"}}},
      {payment_kept,
       {{pending, "wait"},
        {placed, "advance paid"},
        {paid, "ignore"},
        {packaged, "ignore"},
        {shipped, "ignore"},
        {cancelled, "ignore"}}},
      {order_packaged,
       {{pending, "wait"},
        {placed, "advance packaged"},
        {paid, "advance packaged"},
        {packaged, "ignore"},
        {shipped, "ignore"}}},
      {order_unfulfillable,
       {{pending, "wait"},
        {placed, "cancel cancelled after paid"},
        {paid, "cancel cancelled"},
        {cancelled, "ignore"}}},
      {order_shipped,
       {{pending, "wait"},
        {placed, "advance shipped"},
        {paid, "advance shipped"},
        {packaged, "advance shipped"},
        {shipped, "ignore"}}},
      {cancel_asked,
       {{pending, "cancel cancelled"},
        {placed, "ask_to_void"},
        {paid, "refuse"},
        {packaged, "refuse"},
        {shipped, "refuse"},
        {rejected, "refuse"},
        {cancelled, "refuse"}}},
  };
  return chart;
}

TEST(OrderSaga, KnowsWhatEachMessageMeansInEachState) {
  for (const auto message : messages())
    for (const auto state : states) {
      const auto& row = expected().at(message);
      const auto found = row.find(state);
      EXPECT_EQ(name(on_chart(state, message)), found == row.end() ? "surprise" : found->second)
          << describe::name_of(message) << " when " << describe::name_of(state);
    }
}

TEST(OrderSaga, NeverLeavesAFinalState) {
  for (const auto message : messages())
    for (const auto state : {shipped, rejected, cancelled}) {
      const auto action = on_chart(state, message).action;
      EXPECT_TRUE(action == ignore || action == refuse || action == surprise || action == note_refund)
          << describe::name_of(message) << " when " << describe::name_of(state);
    }
}

TEST(OrderSaga, NeverGoesBack) {
  for (const auto message : messages())
    for (const auto state : states)
      if (const auto& cell = on_chart(state, message); cell.action == advance || cell.action == place) {
        EXPECT_GT(cell.to, state);
        EXPECT_LE(cell.to, shipped);
      }
}

TEST(OrderSaga, IgnoresARepeatOfWhatItJustDid) {
  for (const auto message : messages())
    for (const auto state : states) {
      const auto& cell = on_chart(state, message);
      if (cell.action == advance || cell.action == place || cell.action == reject) {
        EXPECT_EQ(on_chart(cell.to, message).action, ignore) << describe::name_of(message);
      }
    }
}

TEST(OrderSaga, EndsInThreeStates) {
  for (const auto state : states)
    EXPECT_EQ(is_final(state), state == shipped || state == rejected || state == cancelled);
}

}  // namespace
}  // namespace musiccorp::order

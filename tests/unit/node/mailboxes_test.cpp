#include "node/mailboxes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace musiccorp::node {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

mailboxes_view two_of_each() {
  mailboxes_view view;
  view.services = {{"order", "running"}, {"payment", "running"}};
  view.queues = {view_of("order:payment", {}), view_of("payment:order", {})};
  return view;
}

TEST(Mailboxes, NameBothEndsOfAQueue) {
  const auto view = view_of("order:payment", {});
  EXPECT_EQ(view.upstream, "order");
  EXPECT_EQ(view.subscriber, "payment");
}

TEST(Mailboxes, SayNothingOfAgesWhereNothingWaits) {
  service::queue_books books;
  books.oldest_dead = 1'000'000;
  const auto view = view_of("a:b", books);
  EXPECT_FALSE(view.oldest_ready);
  EXPECT_EQ(view.oldest_dead, base::instant{std::chrono::seconds{1}});
}

service::queue_books received_books() {
  service::queue_books books;
  books.received = 11;
  books.processed = 1;
  books.dead = 2;
  books.discarded = 3;
  books.retrying = 5;
  return books;
}

TEST(Mailboxes, BalanceWhenEveryMessageIsSomewhere) {
  service::queue_ledger ledger;
  ledger.received(received_books());
  ledger.published({.messages = 15});
  EXPECT_EQ(view_of("a:b", ledger.read()).imbalance, 0);
  EXPECT_EQ(view_of("a:b", ledger.read()).ready, 4U);
  ledger.published({.messages = 10});
  EXPECT_EQ(view_of("a:b", ledger.read()).imbalance, -1) << "one was counted twice";
  auto lost = received_books();
  lost.processed = 0;
  ledger.received(lost);
  ledger.published({.messages = 15});
  EXPECT_EQ(view_of("a:b", ledger.read()).imbalance, 1);
}

TEST(Mailboxes, EachNodeBalancesItsHalfOfAQueueBetweenTwo) {
  service::queue_ledger publisher, subscriber;
  publisher.published({.messages = 15, .received_there = 11, .in_flight = 2, .oldest_ready = 7});
  subscriber.received(received_books());
  const auto left = view_of("a:b", publisher.read()), right = view_of("a:b", subscriber.read());
  EXPECT_EQ(left.imbalance, 0);
  EXPECT_EQ(right.imbalance, 0);
  EXPECT_EQ(left.ready, 4U) << "as far as the subscriber has said";
  EXPECT_EQ(left.in_flight, 2U);
  EXPECT_EQ(right.ready, 0U) << "only the publisher knows";
  publisher.published({.messages = 10, .received_there = 11});
  EXPECT_EQ(view_of("a:b", publisher.read()).imbalance, -1);
}

TEST(Mailboxes, ShowWhatACellHolds) {
  service::cell_status cell;
  cell.service = "order";
  cell.mailbox->limit = 4;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(cell.mailbox->enter(100));
  cell.requests_pending = 2;
  cell.requests_refused = 7;
  const auto view = view_of(cell);
  EXPECT_EQ(view.state, "starting");
  EXPECT_EQ(view.depth, 3U) << "the two that were taken are among them";
  EXPECT_EQ(view.pending, 2U);
  EXPECT_EQ(view.limit, 4U);
  EXPECT_EQ(view.bytes, 300U);
  EXPECT_EQ(view.accepted, 3U);
  EXPECT_EQ(view.refused, 7U);
}

TEST(Mailboxes, TellOnlyRowsThatChanged) {
  const auto before = two_of_each();
  auto now = before;
  now.at += std::chrono::seconds{1};
  EXPECT_THAT(changes_since(before, now).services, IsEmpty());
  EXPECT_THAT(changes_since(before, now).queues, IsEmpty());

  now.services[1].depth = 1;
  now.queues[0].dead = 1;
  const auto changed = changes_since(before, now);
  EXPECT_EQ(changed.at, now.at);
  ASSERT_THAT(changed.services, SizeIs(1));
  EXPECT_EQ(changed.services[0], now.services[1]);
  ASSERT_THAT(changed.queues, SizeIs(1));
  EXPECT_EQ(changed.queues[0], now.queues[0]);
}

TEST(Mailboxes, TellRowsThatAreNew) { EXPECT_THAT(changes_since({}, two_of_each()).queues, SizeIs(2)); }

}  // namespace
}  // namespace musiccorp::node

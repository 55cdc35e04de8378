#include "cluster/judge.hpp"

#include <gmock/gmock.h>

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;

class Judge : public ::testing::Test {
 protected:
  standpoint here{.cluster = "shop",
                  .self = "b",
                  .incarnation = "mine",
                  .caf_node = "caf-b",
                  .protocols = {2, 3},
                  .peers = {"a", "c"},
                  .owners = {{"order", "a"}, {"payment", "b"}, {"stock", "c"}},
                  .epochs = {},
                  .living_incarnation = {}};
  hello said{.cluster = "shop",
             .node = "a",
             .to = "b",
             .protocol_min = 1,
             .protocol_max = 2,
             .version = "1",
             .incarnation = "his",
             .caf_node = "caf-a",
             .partitions = {{"order", 5}}};
  evidence proof{true, {"a", "a.example"}};

  void expect_no(refusal_reason why, const std::string& text) {
    const auto found = judge(said, proof, here);
    const auto* no = std::get_if<refusal>(&found);
    ASSERT_NE(no, nullptr) << "it was accepted";
    EXPECT_EQ(describe::name_of(no->reason), describe::name_of(why));
    EXPECT_THAT(no->text, HasSubstr(text));
  }
};

TEST_F(Judge, AcceptsAPeerUnderTheHighestProtocolThatBothSpeak) {
  EXPECT_EQ(judge(said, proof, here), judgement{2U});
  said.protocol_max = 9;
  EXPECT_EQ(judge(said, proof, here), judgement{3U});
}

TEST_F(Judge, RefusesAnotherCluster) {
  said.cluster = "Shop";
  expect_no(refusal_reason::other_cluster, "found \"Shop\"");
}

TEST_F(Judge, RefusesNamesThatAreNotInTheClusterFile) {
  said.node = "d";
  expect_no(refusal_reason::unknown_node, "no node \"d\"");
  said.node = "a";
  said.to = "c";
  expect_no(refusal_reason::unknown_node, "wanted node \"c\", found \"b\"");
}

TEST_F(Judge, RefusesItselfAndASecondNodeOfItsOwnName) {
  said.node = "b";
  said.incarnation = "mine";
  expect_no(refusal_reason::itself, "called itself");
  said.incarnation = "his";
  expect_no(refusal_reason::name_taken, "\"b\", too");
}

TEST_F(Judge, RefusesACertificateForAnotherName) {
  proof.names = {"c"};
  expect_no(refusal_reason::certificate, "wanted a certificate for \"a\", found one for \"c\"");
  proof.names.clear();
  expect_no(refusal_reason::certificate, "nobody");
  proof.is_encrypted = false;
  EXPECT_EQ(judge(said, proof, here), judgement{2U}) << "without TLS there is nothing to prove with";
}

TEST_F(Judge, RefusesAProtocolThatItDoesNotSpeak) {
  said.protocol_min = 4;
  said.protocol_max = 5;
  expect_no(refusal_reason::protocol, "node \"b\" speaks protocol 2 to 3, node \"a\" speaks 4 to 5");
  said.protocol_min = said.protocol_max = 1;
  expect_no(refusal_reason::protocol, "speaks 1");
}

TEST_F(Judge, RefusesASecondProcessOfAName) {
  here.living_incarnation = "another";
  expect_no(refusal_reason::name_taken, "another process called \"a\"");
  here.living_incarnation = "his";
  EXPECT_EQ(judge(said, proof, here), judgement{2U}) << "the same process may call again";
}

TEST_F(Judge, RefusesAProcessThatCafCannotTellFromItself) {
  said.caf_node = here.caf_node;
  expect_no(refusal_reason::same_caf_node, "/etc/fstab");
}

TEST_F(Judge, RefusesPartitionsOfOthers) {
  said.partitions = {{"stock", 9}};
  expect_no(refusal_reason::foreign_partition, "belongs to \"c\"");
  said.partitions = {{"payment", 9}};
  expect_no(refusal_reason::foreign_partition, "belongs to \"b\"");
  said.partitions = {{"mail", 9}};
  expect_no(refusal_reason::foreign_partition, "belongs to nobody");
}

TEST_F(Judge, SaysForHowLongItHasServedWhatSomebodyElseClaims) {
  here.serves_ms = 42;
  const auto refused = [&] { return std::get<refusal>(judge(said, proof, here)).owner_serves_ms; };
  said.partitions = {{"payment", 9}};
  EXPECT_EQ(refused(), 42U);
  said.partitions = {{"stock", 9}};
  EXPECT_EQ(refused(), std::nullopt) << "it is only a bystander";
  EXPECT_EQ(to_refusal(to_verdict({refusal_reason::foreign_partition, "", 7})).owner_serves_ms, 7U);
}

TEST_F(Judge, RefusesAnOwnerThatWasReplaced) {
  (void)here.epochs.note("order", {6, "a", "next"});
  expect_no(refusal_reason::replaced, "epoch 5 of partition \"order\" is over: epoch 6 was seen from node \"a\"");
}

TEST_F(Judge, RefusesTheSameEpochOfAnotherProcess) {
  (void)here.epochs.note("order", {5, "a", "other"});
  expect_no(refusal_reason::epoch_clash, "another process of node \"a\"");
  here.epochs = {};
  (void)here.epochs.note("order", {5, "a", "his"});
  EXPECT_EQ(judge(said, proof, here), judgement{2U}) << "the same process may come back";
}

TEST_F(Judge, RemembersWhatItHasAccepted) {
  EXPECT_TRUE(note_claims(here.epochs, said));
  EXPECT_FALSE(note_claims(here.epochs, said));
  said.partitions["order"] = 4;
  expect_no(refusal_reason::replaced, "epoch 5");
}

TEST_F(Judge, DoesNotStartUnderAnEpochThatIsOver) {
  epoch_book book;
  EXPECT_FALSE(judge_own(said, book));
  (void)book.note("order", {5, "a", "before"});
  ASSERT_TRUE(judge_own(said, book));
  EXPECT_EQ(judge_own(said, book)->reason, refusal_reason::epoch_clash);
  (void)book.note("order", {7, "a", "someone"});
  EXPECT_EQ(judge_own(said, book)->reason, refusal_reason::replaced);
  said.partitions["order"] = 8;
  EXPECT_FALSE(judge_own(said, book));
}

TEST(Refusal, TravelsAsItsNameAndUnknownNamesStayReadable) {
  for (std::size_t i = 0; i < refusal_reasons; ++i) {
    const refusal no{static_cast<refusal_reason>(i), "because"};
    EXPECT_EQ(to_refusal(to_verdict(no)), no);
  }
  const auto later = to_refusal({.reason = "a reason of a later version", .text = "because"});
  EXPECT_EQ(later.reason, refusal_reason::unreadable);
  EXPECT_THAT(later.text, HasSubstr("later version: because"));
}

}  // namespace
}  // namespace musiccorp::cluster

#include "store_contract.hpp"

namespace musiccorp::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::string_literals;

TEST_P(StoreContract, FindsNothingInANewStore) {
  EXPECT_EQ(at().find("order", "o-1").value(), std::nullopt);
  EXPECT_THAT(keys("order"), IsEmpty());
  EXPECT_EQ(at().count("order").value(), 0u);
}

TEST_P(StoreContract, FindsWhatWasSaved) {
  save("order", "o-1", R"({"total":5})");
  const auto found = at().find("order", "o-1").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, "order");
  EXPECT_EQ(found->key, "o-1");
  EXPECT_EQ(found->body, R"({"total":5})");
  EXPECT_EQ(found->version, 1u);
}

TEST_P(StoreContract, CountsTheSavesOfAnEntity) {
  save("order", "o-1", "a");
  save("order", "o-1", "b");
  commit([](store& s) {
    ASSERT_TRUE(s.save("order", "o-1", "c"));
    ASSERT_TRUE(s.save("order", "o-1", "d"));
  });
  EXPECT_EQ(version("order", "o-1"), 4u);
  EXPECT_EQ(body("order", "o-1"), "d");
}

TEST_P(StoreContract, CountsFromOneAgainAfterAnErase) {
  save("order", "o-1", "a");
  save("order", "o-1", "b");
  commit([](store& s) { ASSERT_TRUE(s.erase("order", "o-1")); });
  EXPECT_EQ(at().find("order", "o-1").value(), std::nullopt);
  save("order", "o-1", "c");
  EXPECT_EQ(version("order", "o-1"), 1u);
}

TEST_P(StoreContract, ErasesWhatIsNotThere) {
  commit([](store& s) { EXPECT_TRUE(s.erase("order", "o-9")); });
}

TEST_P(StoreContract, KeepsTypesApart) {
  save("order", "1", "an order");
  save("order_line", "1", "a line");
  EXPECT_EQ(body("order", "1"), "an order");
  EXPECT_EQ(body("order_line", "1"), "a line");
  EXPECT_EQ(at().count("order").value(), 1u);
  EXPECT_THAT(keys("order"), ElementsAre("1"));
}

TEST_P(StoreContract, SeesItsOwnWritesInsideATransaction) {
  commit([&](store& s) {
    ASSERT_TRUE(s.save("order", "o-1", "new"));
    EXPECT_EQ(body("order", "o-1"), "new");
    EXPECT_EQ(s.count("order").value(), 1u);
    EXPECT_THAT(keys("order"), ElementsAre("o-1"));
    ASSERT_TRUE(s.erase("order", "o-1"));
    EXPECT_EQ(s.find("order", "o-1").value(), std::nullopt);
  });
}

TEST_P(StoreContract, ListsInTheOrderOfTheKeysBytes) {
  for (const auto* key : {"b", "a", "B", "\xc3\xa9", "a1", "", "10", "9"}) save("t", key, key);
  EXPECT_THAT(keys("t"), ElementsAre("", "10", "9", "B", "a", "a1", "b", "\xc3\xa9"));
}

TEST_P(StoreContract, ListsOnlyKeysWithThePrefix) {
  for (const auto* key : {"a", "a%", "a%b", "a_", "ab", "a\xff", "a\xff\xff", "b", "B"}) save("t", key, key);
  EXPECT_THAT(keys("t", {.prefix = "a%"}), ElementsAre("a%", "a%b"));
  EXPECT_THAT(keys("t", {.prefix = "a_"}), ElementsAre("a_"));
  EXPECT_THAT(keys("t", {.prefix = "a\xff"}), ElementsAre("a\xff", "a\xff\xff"));
  EXPECT_THAT(keys("t", {.prefix = "c"}), IsEmpty());
}

TEST_P(StoreContract, ListsOnlyKeysAfterTheGivenOne) {
  for (const auto* key : {"", "a1", "a2", "a3", "b1"}) save("t", key, key);
  EXPECT_THAT(keys("t", {.after = "a2"}), ElementsAre("a3", "b1"));
  EXPECT_THAT(keys("t", {.after = "a21"}), ElementsAre("a3", "b1"));
  EXPECT_THAT(keys("t", {.prefix = "a", .after = "a1"}), ElementsAre("a2", "a3"));
  EXPECT_THAT(keys("t", {.prefix = "b", .after = "a"}), ElementsAre("b1"));
  EXPECT_THAT(keys("t", {.prefix = "a", .after = "b"}), IsEmpty());
}

TEST_P(StoreContract, ListsAtMostTheLimit) {
  for (const auto* key : {"a", "b", "c"}) save("t", key, key);
  EXPECT_THAT(keys("t", {.limit = 2}), ElementsAre("a", "b"));
  EXPECT_THAT(keys("t", {.after = "b", .limit = 2}), ElementsAre("c"));
  EXPECT_THAT(keys("t", {.limit = 0}), IsEmpty());
}

TEST_P(StoreContract, KeepsEveryByteOfNamesAndBodies) {
  const auto zero = "a\0b"s;
  const std::string large(1 << 20, 'x');
  save("t", zero, "\0\0"s);
  save("t", "a", "");
  save("\xf0\x9f\x8e\xb5", "\xc3\xbc", large);
  reopen();
  EXPECT_EQ(body("t", zero), "\0\0"s);
  EXPECT_EQ(body("t", "a"), "");
  EXPECT_EQ(body("\xf0\x9f\x8e\xb5", "\xc3\xbc"), large);
  EXPECT_THAT(keys("t", {.after = "a"}), ElementsAre(zero));
}

}  // namespace
}  // namespace musiccorp::storage

#include "supervision/crash_memory.hpp"

#include <gtest/gtest.h>

namespace musiccorp::supervision {
namespace {

crash_report crash_at(std::string message, std::uint64_t handled = 0) {
  return {.message = std::move(message), .text = "boom", .handled = handled};
}

TEST(CrashMemory, OnlyTheFirstCrashOfAMessageSpends) {
  crash_memory memory;
  EXPECT_TRUE(memory.spends("order", crash_at("m1"), 1));
  EXPECT_FALSE(memory.spends("order", crash_at("m1"), 1));
  EXPECT_TRUE(memory.spends("order", crash_at("m2"), 1));
  EXPECT_FALSE(memory.spends("order", crash_at("m1"), 1));
  EXPECT_EQ(memory.crashes_of("order", "m1"), 3U);
}

TEST(CrashMemory, MessagesOfDifferentChildrenDiffer) {
  crash_memory memory;
  EXPECT_TRUE(memory.spends("a", crash_at("b/c"), 1));
  EXPECT_TRUE(memory.spends("a/b", crash_at("c"), 1));
}

TEST(CrashMemory, ACrashWithoutAMessageAlwaysSpends) {
  crash_memory memory;
  EXPECT_TRUE(memory.spends("order", crash_at(""), 1));
  EXPECT_TRUE(memory.spends("order", crash_at(""), 1));
}

TEST(CrashMemory, AnUnavailableDependencySpendsNothing) {
  crash_memory memory;
  auto crash = crash_at("m1");
  crash.unavailable = true;
  EXPECT_FALSE(memory.spends("order", crash, 1));
  EXPECT_TRUE(memory.spends("order", crash_at("m1"), 1));  // And is not held against the message.
}

/// One message in a hundred is poison: each is its own problem, as long as others are handled in between.
TEST(CrashMemory, SinglePoisonSpendsNothingWhenThreeInARowAreAskedFor) {
  crash_memory memory;
  int spent = 0;
  for (int i = 0; i < 1000; ++i) spent += memory.spends("order", crash_at(std::to_string(i), 99), 3) ? 1 : 0;
  EXPECT_EQ(spent, 0);
}

TEST(CrashMemory, ACoreThatHandlesNothingAnyMoreSpendsFromTheThirdOn) {
  crash_memory memory;
  EXPECT_FALSE(memory.spends("order", crash_at("m1", 5), 3));
  EXPECT_FALSE(memory.spends("order", crash_at("m2"), 3));
  EXPECT_TRUE(memory.spends("order", crash_at("m3"), 3));
  EXPECT_TRUE(memory.spends("order", crash_at("m4"), 3));
  EXPECT_FALSE(memory.spends("order", crash_at("m5", 1), 3));
}

TEST(CrashMemory, ForgetsTheOldestBeyondItsSize) {
  crash_memory memory;
  EXPECT_TRUE(memory.spends("order", crash_at("first"), 1));
  for (std::size_t i = 0; i < crash_memory::messages_max; ++i)
    EXPECT_TRUE(memory.spends("order", crash_at(std::to_string(i)), 1));
  EXPECT_EQ(memory.crashes_of("order", "first"), 0U);
  EXPECT_EQ(memory.crashes_of("order", "0"), 1U);
  EXPECT_TRUE(memory.spends("order", crash_at("first"), 1));
}

}  // namespace
}  // namespace musiccorp::supervision

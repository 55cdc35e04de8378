#include "node/shutdown.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr auto never = [] { return false; };

TEST(Shutdown, RunsItsPhasesInOrderAndSaysWhichHadToCutSomething) {
  shutdown stop;
  std::vector<std::string> ran;
  const auto phase = [&](std::string_view name, bool whole) {
    return shutdown::phase{name, 10min, [&ran, name, whole](const shutdown::patience&) {
                             ran.emplace_back(name);
                             return whole;
                           }};
  };
  const auto reports = stop.run({phase("one", true), phase("two", false), phase("three", true)});
  EXPECT_THAT(ran, ElementsAre("one", "two", "three")) << "also after one that was cut";
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[1].name, "two");
  EXPECT_TRUE(reports[0].whole);
  EXPECT_FALSE(reports[1].whole);
  EXPECT_TRUE(reports[2].whole);
}

TEST(Shutdown, APhaseEndsWhenItIsDoneAndLeavesItsTimeToTheNext) {
  shutdown stop;
  bool first_is_over = true, second_is_over = true;
  int asked = 0;
  stop.run({{"done at once", 10min,
             [&](const shutdown::patience& left) {
               const bool done = left.wait_for([&] { return ++asked == 3; });
               first_is_over = left.is_over();
               return done;
             }},
            {"has all that is left", 10min, [&](const shutdown::patience& left) {
               second_is_over = left.is_over();
               return true;
             }}});
  EXPECT_EQ(asked, 3);
  EXPECT_FALSE(first_is_over);
  EXPECT_FALSE(second_is_over);
}

TEST(Shutdown, LimitsAreCountedFromTheBeginningSoThatTheyDoNotAddUp) {
  shutdown stop;
  bool second_is_over = false;
  const auto reports = stop.run({{"takes all of it", 20ms, [](const auto& left) { return left.wait_for(never); }},
                                 {"has nothing left", 20ms, [&](const auto& left) {
                                    second_is_over = left.is_over();
                                    return left.wait_for(never);
                                  }}});
  EXPECT_TRUE(second_is_over);
  EXPECT_GE(reports[0].took, 20ms);
  EXPECT_FALSE(reports[0].whole);
  EXPECT_FALSE(reports[1].whole);
}

TEST(Shutdown, WhatIsDoneIsDoneAlsoWithoutTime) {
  shutdown stop;
  EXPECT_TRUE(
      stop.run({{"done", 0ms, [](const auto& left) { return left.wait_for([] { return true; }); }}})[0].whole);
}

TEST(Shutdown, AHurryEndsTheRunningPhaseAndAllLaterOnes) {
  shutdown stop;
  std::promise<void> begun;
  auto ended = std::async(std::launch::async, [&] {
    return stop.run({{"for ever", 24h,
                      [&](const auto& left) {
                        begun.set_value();
                        return left.wait_for(never);
                      }},
                     {"later", 24h, [](const auto& left) { return left.wait_for(never); }}});
  });
  begun.get_future().wait();
  stop.hurry();
  ASSERT_EQ(ended.wait_for(60s), std::future_status::ready);
  const auto reports = ended.get();
  EXPECT_FALSE(reports[0].whole);
  EXPECT_FALSE(reports[1].whole);
}

}  // namespace
}  // namespace musiccorp::node

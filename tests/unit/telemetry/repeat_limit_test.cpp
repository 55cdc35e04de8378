#include "telemetry/repeat_limit.hpp"

#include <gmock/gmock.h>

namespace musiccorp::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class RepeatLimit : public testing::Test {
 protected:
  instant now{std::chrono::days{20'000}};
  repeat_limit limit;

  int written(int lines, std::string_view event) {
    int count = 0;
    for (int i = 0; i < lines; ++i) count += limit.admit(event, now, 3).write ? 1 : 0;
    return count;
  }
};

TEST_F(RepeatLimit, WritesSoManyASecondAndTellsTheRestWithTheNext) {
  EXPECT_EQ(written(10, "retried"), 3);
  now += 1s;
  const auto next = limit.admit("retried", now, 3);
  EXPECT_TRUE(next.write);
  EXPECT_EQ(next.repeated, 7U);
  EXPECT_EQ(limit.admit("retried", now, 3).repeated, 0U);
}

TEST_F(RepeatLimit, EventsDoNotSilenceEachOther) {
  EXPECT_EQ(written(10, "retried"), 3);
  EXPECT_EQ(written(2, "died"), 2);
}

TEST_F(RepeatLimit, TellsAtTheEndWhatWasNotToldYet) {
  (void)written(5, "retried");
  EXPECT_THAT(limit.take_untold(), ElementsAre(Pair("retried", 2U)));
  EXPECT_THAT(limit.take_untold(), IsEmpty());
}

TEST_F(RepeatLimit, ZeroMeansNoLimit) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limit.admit("retried", now, 0).write);
}

TEST_F(RepeatLimit, TooManyEventsShareOneLimit) {
  for (std::size_t i = 0; i < repeat_limit::events_max; ++i) (void)limit.admit(std::to_string(i), now, 3);
  EXPECT_EQ(written(2, "one more") + written(2, "another one"), 3);
}

}  // namespace
}  // namespace musiccorp::telemetry

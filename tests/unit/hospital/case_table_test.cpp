#include "hospital/case_table.hpp"

#include <gtest/gtest.h>

#include <map>

#include "describe/describe.hpp"

namespace musiccorp::hospital {
namespace {

using state = case_state;
using event = case_event;

constexpr std::array every_state{state::open, state::replaying, state::discarding, state::healed, state::discarded};
constexpr std::array every_event{event::died, event::healed, event::replay_refused, event::discarded,
                                 event::discard_refused};

/// The chart of case_table.hpp for events of the replay that the case is at; what is missing changes nothing.
const std::map<std::pair<state, event>, state> chart{{{state::open, event::discarded}, state::discarded},
                                                     {{state::replaying, event::died}, state::open},
                                                     {{state::replaying, event::healed}, state::healed},
                                                     {{state::replaying, event::replay_refused}, state::open},
                                                     {{state::replaying, event::discarded}, state::discarded},
                                                     {{state::discarding, event::discarded}, state::discarded},
                                                     {{state::discarding, event::discard_refused}, state::open}};

TEST(CaseTable, FollowsItsChart) {
  for (const auto now : every_state)
    for (const auto what : every_event) {
      const auto wanted = chart.find({now, what});
      const auto found = state_after(now, 3, what, 3);
      EXPECT_EQ(found, wanted == chart.end() ? std::nullopt : std::optional{wanted->second})
          << describe::name_of(now) << ", event " << static_cast<int>(what);
    }
}

TEST(CaseTable, IgnoresEveryOutcomeOfAnOlderReplay) {
  for (const auto now : every_state)
    for (const auto what : {event::died, event::healed, event::replay_refused})
      EXPECT_EQ(state_after(now, 3, what, 2), std::nullopt) << describe::name_of(now);
}

TEST(CaseTable, BelievesWhatANewerReplayThanItKnowsCameTo) {
  for (const auto now : every_state) {
    EXPECT_EQ(state_after(now, 3, event::died, 4), state::open);
    EXPECT_EQ(state_after(now, 3, event::healed, 4), state::healed);
    EXPECT_EQ(state_after(now, 3, event::replay_refused, 4), std::nullopt);
  }
}

TEST(CaseTable, TakesOnlyADiscardBack) {
  for (const auto now : every_state)
    EXPECT_EQ(objection_to(case_action::keep, now).empty(), now == state::discarding) << describe::name_of(now);
  EXPECT_EQ(state_after(case_action::keep), state::open);
}

TEST(CaseTable, AllowsTheOtherActionsOnOpenCasesOnly) {
  for (const auto action : {case_action::replay, case_action::discard, case_action::edit})
    for (const auto now : every_state)
      EXPECT_EQ(objection_to(action, now).empty(), now == state::open) << describe::name_of(now);
}

}  // namespace
}  // namespace musiccorp::hospital

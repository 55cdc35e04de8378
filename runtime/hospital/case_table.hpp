#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The state table of a case, by itself: what services report and what people order, and what follows. Pure.
///
///               died r    healed r   replay refused r   discarded   discard refused   replay, edit   discard keep
///     open      -         -          -                  discarded   -                 replaying      discarding   no
///     replaying open      healed     open               discarded   -                 no             no           no
///     discarding -        -          -                  discarded   open              no             no open healed
///     -         -          -                  -           -                 no             no           no discarded
///     -         -          -                  -           -                 no             no           no
///
/// A discard can be held for a while before the service hears of it. `keep` takes it back as long as it is;
/// afterwards what is buried stays so, because the messages behind it have gone on and its place in their order is
/// lost.
/// "-": a duplicate or out of date, changes nothing. r is the number of the replay; an event of an older one than the
/// case's changes nothing in any state. One of a newer replay than the hospital knows of (its store was put back from
/// a backup) is believed: died opens the case and healed heals it, from every state.
namespace musiccorp::hospital {

enum class case_state : std::uint8_t {
  open,        ///< dead; waits for somebody
  replaying,   ///< a replay was requested, its outcome is not known
  discarding,  ///< a burial was ordered: it is held, or requested
  healed,      ///< a replay succeeded; final
  discarded    ///< buried; final
};
constexpr std::array<std::string_view, 5> describe_choice(case_state) {
  return {"open", "replaying", "discarding", "healed", "discarded"};
}
[[nodiscard]] constexpr bool is_closed(case_state state) {
  return state == case_state::healed || state == case_state::discarded;
}

enum class case_event : std::uint8_t { died, healed, replay_refused, discarded, discard_refused };

/// The state after an event of replay number `of_replay` (of no meaning for the two about burials); nothing when it
/// changes nothing.
[[nodiscard]] std::optional<case_state> state_after(case_state now, std::int32_t replay, case_event event,
                                                    std::int32_t of_replay);

enum class case_action : std::uint8_t { replay, discard, edit, keep };
constexpr std::array<std::string_view, 4> describe_choice(case_action) {
  return {"replay", "discard", "edit", "keep"};
}

/// Why the action is not possible in this state; empty: it is.
[[nodiscard]] std::string objection_to(case_action action, case_state now);
[[nodiscard]] constexpr case_state state_after(case_action action) {
  if (action == case_action::keep) return case_state::open;
  return action == case_action::discard ? case_state::discarding : case_state::replaying;
}

}  // namespace musiccorp::hospital

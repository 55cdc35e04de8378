#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hospital/case_messages.hpp"
#include "hospital/settings.hpp"
#include "service/turn.hpp"

/// The one way by which a case is written: together with everything that is derived from it, so that lists, groups
/// and counts can never disagree with the cases.
namespace musiccorp::hospital {

/// A case as lists see it, small and without personal data. Each case has one row in each view that it belongs to:
///
///     a/<newest first>/<case_id>            every case
///     u/<newest first>/<case_id>            those that are not closed
///     g/<group>/<newest first>/<case_id>    those of a group
///
/// The time is that of opening, which never changes: pages stay stable.
struct case_row : case_summary {
  std::string row{};

  static constexpr auto describe() {
    return describe_with<case_summary>("hospital.case_row", 1, musiccorp::describe::key("row", &case_row::row));
  }
};

/// Closed cases by the time of closing, to forget the oldest.
struct closed_case {
  std::string row{};  ///< <oldest first>/<case_id>
  std::string case_id{};

  static constexpr auto describe() {
    return describe_as("hospital.closed_case", 1, key("row", &closed_case::row),
                       field("case_id", &closed_case::case_id));
  }
};

/// How many cases of a conversation are not closed; no entity: none.
struct conversation {
  std::string correlation{};
  std::uint64_t open = 0;

  static constexpr auto describe() {
    return describe_as("hospital.conversation", 1, key("correlation", &conversation::correlation),
                       field("open", &conversation::open));
  }
};

[[nodiscard]] std::string row_prefix_all();
[[nodiscard]] std::string row_prefix_unclosed();
[[nodiscard]] std::string row_prefix_group(std::string_view group_id);

[[nodiscard]] case_summary summary_of(const case_file& one);

/// Saves `after` in place of `before` (nothing: a new case).
void record(turn& now, const std::optional<case_file>& before, const case_file& after);

/// Forgets a few of the cases that were closed longest ago, if it is time. Called by each turn that closes one, so
/// that there are never many.
void forget_old_cases(turn& now, const hospital_settings& settings);

}  // namespace musiccorp::hospital

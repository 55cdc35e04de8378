#pragma once

#include <optional>
#include <string>

#include "hospital/case_index.hpp"
#include "hospital/case_messages.hpp"
#include "hospital/scan.hpp"
#include "hospital/settings.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

namespace musiccorp::hospital {

/// True when everything that is asked for holds.
[[nodiscard]] bool matches(const case_filter& filter, const case_summary& one);
/// The smallest part of the index that holds everything the filter can find.
[[nodiscard]] scan_range range_of(const case_filter& filter);

/// A page reads rows of the index, never cases: at most rows_scanned_max of them.
outcome answer_cases(turn& now, const list_cases& query, const ward& in);
/// `behind`: what its service says of those that wait behind it; missing: it does not answer, and the case says so.
outcome answer_case(turn& now, const show_case& query, const std::optional<delivery::lane_followers>& behind,
                    const ward& in);
/// The case with everything in it, and a line in the audit trail that says so.
outcome answer_revealed(turn& now, const reveal_case& query, const std::optional<delivery::lane_followers>& behind,
                        const ward& in);
/// Those of the conversations that have a case which is not closed, in their order. Services keep answers to
/// Idempotency-Keys for as long.
outcome answer_open_conversations(turn& now, const delivery::open_conversations& query);

}  // namespace musiccorp::hospital

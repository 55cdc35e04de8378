#include "hospital/case_index.hpp"

#include <vector>

#include "hospital/group_index.hpp"
#include "hospital/places.hpp"

namespace musiccorp::hospital {
namespace {

constexpr std::size_t forgotten_at_once = 4;

std::vector<std::string> rows_of(const case_file& one) {
  const auto end = newest_first(one.opened_at) + "/" + one.case_id;
  std::vector<std::string> rows{row_prefix_all() + end, row_prefix_group(one.group_id) + end};
  if (!is_closed(one.state)) rows.push_back(row_prefix_unclosed() + end);
  return rows;
}

std::string closed_row_of(const case_file& one) { return oldest_first(one.closed_at) + "/" + one.case_id; }

void count_conversation(turn& now, const std::string& correlation, bool opens) {
  if (correlation.empty()) return;
  auto one = now.find<conversation>(correlation).value_or(conversation{correlation, 0});
  one.open = opens ? one.open + 1 : one.open - std::min<std::uint64_t>(one.open, 1);
  if (one.open > 0)
    now.save(one);
  else
    now.erase<conversation>(correlation);
}

bool is_unclosed(const std::optional<case_file>& one) { return one && !is_closed(one->state); }

void take_out_of_lists(turn& now, const case_file& one) {
  for (const auto& row : rows_of(one)) now.erase<case_row>(row);
  if (is_closed(one.state)) now.erase<closed_case>(closed_row_of(one));
}

void put_into_lists(turn& now, const case_file& one) {
  const auto summary = summary_of(one);
  for (auto& row : rows_of(one)) now.save(case_row{summary, std::move(row)});
  if (is_closed(one.state)) now.save(closed_case{closed_row_of(one), one.case_id});
}

void forget(turn& now, const case_file& one) {
  take_out_of_lists(now, one);
  count_in_group(now, &one, nullptr);
  for (const auto& payload : one.payloads) now.erase<payload_text>(payload_place(one.case_id, payload.number));
  now.erase<case_file>(one.case_id);
}

}  // namespace

std::string row_prefix_all() { return "a/"; }
std::string row_prefix_unclosed() { return "u/"; }
std::string row_prefix_group(std::string_view group_id) { return "g/" + std::string{group_id} + "/"; }

case_summary summary_of(const case_file& one) {
  return {one.case_id,
          one.version,
          one.service,
          one.message.type,
          one.message.key,
          one.reason,
          one.state,
          one.attempts,
          one.masked_error,
          one.first_failed_at,
          one.last_failed_at,
          one.opened_at,
          one.closed_at == instant{} ? std::nullopt : std::optional{one.closed_at},
          one.replay,
          one.parked,
          one.group_id};
}

void record(turn& now, const std::optional<case_file>& before, const case_file& after) {
  if (before) take_out_of_lists(now, *before);
  put_into_lists(now, after);
  count_in_group(now, before ? &*before : nullptr, &after);
  const auto& conversation_now = conversation_of(after);
  const auto counted = is_unclosed(before) ? conversation_of(*before) : std::string{};
  const auto counts = is_closed(after.state) ? std::string{} : conversation_now;
  if (counted != counts) {
    count_conversation(now, counted, false);
    count_conversation(now, counts, true);
  }
  now.save(after);
}

void forget_old_cases(turn& now, const hospital_settings& settings) {
  const auto before = now.now() - std::chrono::days{settings.kept_closed_days};
  for (const auto& row : now.list<closed_case>({.limit = forgotten_at_once}).items) {
    if (row.row >= oldest_first(before)) return;
    const auto one = now.find<case_file>(row.case_id);
    // The list shows what was before this turn: a case that it opens again stays.
    if (one && is_closed(one->state)) forget(now, *one);
  }
}

}  // namespace musiccorp::hospital

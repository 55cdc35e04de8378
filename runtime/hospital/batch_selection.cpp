#include "hospital/batch_selection.hpp"

#include <algorithm>

#include "hospital/case_index.hpp"
#include "hospital/case_queries.hpp"

namespace musiccorp::hospital {
namespace {

using selection = std::variant<std::vector<batch_item>, base::rejected>;

/// Open cases that one submission looks through. It is one turn, and nobody else has one meanwhile.
constexpr std::size_t rows_max = 200'000;
constexpr int unprocessable = 422;

selection named(turn& now, const start_batch& command) {
  std::vector<case_file> found;
  for (std::size_t i = 0; i < command.cases.size(); ++i) {
    auto one = now.find<case_file>(command.cases[i]);
    if (!one) return rejected{"there is no case " + command.cases[i], "/cases/" + std::to_string(i), {}, 404};
    const bool twice = std::ranges::find(found, one->case_id, &case_file::case_id) != found.end();
    if (!twice) found.push_back(std::move(*one));
  }
  std::ranges::stable_sort(found, {}, &case_file::opened_at);
  std::vector<batch_item> items;
  for (const auto& one : found) items.push_back({one.case_id, one.version, item_outcome::waiting, {}});
  return items;
}

selection filtered(turn& now, const start_batch& command, const hospital_settings& settings) {
  auto filter = command.filter;
  filter.state = case_state::open;
  auto range = range_of(filter);
  range.rows_max = rows_max;
  const auto most = static_cast<std::size_t>(settings.cases_per_batch_max);
  std::vector<batch_item> items;
  const auto end = scan<case_row>(now, range, [&](const case_row& row) {
    if (matches(filter, row)) items.push_back({row.case_id, row.version, item_outcome::waiting, {}});
    return items.size() <= most;
  });
  if (items.size() > most)
    return rejected{"more than " + std::to_string(most) + " cases; narrow the filter, or raise cases_per_batch_max",
                    "/filter",
                    {},
                    unprocessable};
  if (!end.token.empty())
    return rejected{"more than " + std::to_string(rows_max) + " open cases to look through; name a group or a time",
                    "/filter",
                    {},
                    unprocessable};
  std::ranges::reverse(items);
  return items;
}

}  // namespace

selection select(turn& now, const start_batch& command, const hospital_settings& settings) {
  if (command.filter.state && *command.filter.state != case_state::open)
    return rejected{.text = "only open cases can be acted on",
                    .pointer = "/filter/state",
                    .status = unprocessable,
                    .wanted = std::string{describe::name_of(case_state::open)}};
  auto selected = command.cases.empty() ? filtered(now, command, settings) : named(now, command);
  const auto* items = std::get_if<std::vector<batch_item>>(&selected);
  if (items && items->empty() && !command.dry_run)
    return rejected{"there is no open case to act on", "/filter", {}, unprocessable};
  return selected;
}

}  // namespace musiccorp::hospital

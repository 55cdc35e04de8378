#include "hospital/group_index.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "hospital/fingerprint.hpp"
#include "hospital/places.hpp"
#include "hospital/text_search.hpp"

namespace musiccorp::hospital {
namespace {

std::string row_of(const group_summary& group) { return newest_first(group.last_seen_at) + "/" + group.group_id; }

void save(turn& now, const std::optional<group_summary>& before, const group_summary& after) {
  if (before && row_of(*before) != row_of(after)) now.erase<group_row>(row_of(*before));
  now.save(group_row{after, row_of(after)});
  now.save(after);
}

void leave(turn& now, const case_file& one, bool for_another) {
  const auto before = now.find<group_summary>(one.group_id);
  ensure(before.has_value(), "a case is in a group");
  auto group = *before;
  ensure(group.count(one.state) > 0, "a group counts its cases");
  --group.count(one.state);
  if (for_another && group.sample_case == one.case_id) group.sample_case.clear();
  if (group.total() > 0) return save(now, before, group);
  now.erase<group_row>(row_of(group));
  now.erase<group_summary>(group.group_id);
}

group_summary opened_by(const case_file& one) {
  group_summary group;
  group.group_id = one.group_id;
  group.service = service_part(one.service);
  group.type = one.message.type;
  group.error = normalised(one.masked_error, one.message.key);
  group.first_seen_at = one.first_failed_at;
  return group;
}

void enter(turn& now, const case_file& one, bool is_news) {
  const auto before = now.find<group_summary>(one.group_id);
  auto group = before ? *before : opened_by(one);
  ++group.count(one.state);
  if (is_news || !before) {
    group.reason = one.reason;
    group.first_seen_at = std::min(group.first_seen_at, one.first_failed_at);
    group.last_seen_at = std::max(group.last_seen_at, one.last_failed_at);
  }
  if (is_news || group.sample_case.empty()) group.sample_case = one.case_id;
  save(now, before, group);
}

}  // namespace

void count_in_group(turn& now, const case_file* before, const case_file* after) {
  const bool is_news = after && (!before || before->last_failed_at != after->last_failed_at);
  if (before && after && !is_news && before->group_id == after->group_id && before->state == after->state) return;
  if (after) enter(now, *after, is_news);  // First, so that a group is not forgotten between the two.
  if (before) leave(now, *before, !after || after->group_id != before->group_id);
}

}  // namespace musiccorp::hospital

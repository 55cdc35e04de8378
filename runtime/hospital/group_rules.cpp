#include "hospital/group_rules.hpp"

#include "hospital/group_index.hpp"
#include "hospital/scan.hpp"
#include "hospital/text_search.hpp"

namespace musiccorp::hospital {
namespace {

bool matches(group_summary group, const list_groups& query) {
  return (!query.service || *query.service == group.service) && (!query.type || *query.type == group.type) &&
         (!query.state || group.count(*query.state) > 0) &&
         (!query.text || mentions(*query.text, {group.service, group.type, group.error}));
}

}  // namespace

outcome answer_groups(turn& now, const list_groups& query, const ward& in) {
  group_page page;
  const scan_range range{{}, query.page_token, {}, static_cast<std::size_t>(in.settings.rows_scanned_max)};
  page.next_page_token = scan<group_row>(now, range, [&](const group_row& row) {
                           if (matches(row, query)) page.groups.push_back(row);
                           return page.groups.size() < static_cast<std::size_t>(query.page_size);
                         }).token;
  return page;
}

outcome answer_group(turn& now, const show_group& query) {
  const auto group = now.find<group_summary>(query.group_id);
  if (!group) return no_such("group", query.group_id);
  return *group;
}

}  // namespace musiccorp::hospital

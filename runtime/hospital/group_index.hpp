#pragma once

#include "hospital/group_messages.hpp"
#include "service/turn.hpp"

namespace musiccorp::hospital {

/// A group in the list, last seen first: <newest first>/<group_id>. A group that is seen again moves to the front, so
/// that a list read page by page never shows one twice.
struct group_row : group_summary {
  std::string row{};

  static constexpr auto describe() {
    return std::apply(
        [](auto group_id, auto... fields) {
          group_id.is_key = false;
          return describe_as("hospital.group_row", 1, musiccorp::describe::key("row", &group_row::row), group_id,
                             fields...);
        },
        group_summary::describe().fields);
  }
};

/// Moves a case from the count of its old state and group to that of its new ones. Null: there was or will be no
/// such case. A group without cases is forgotten.
void count_in_group(turn& now, const case_file* before, const case_file* after);

}  // namespace musiccorp::hospital

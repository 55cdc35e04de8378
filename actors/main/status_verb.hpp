#pragma once

#include <string>

namespace musiccorp::program {

struct status_view {
  bool as_json = false;
  bool all_causes = false;  ///< else the last one of each child, in a line
};

/// `musiccorp status`: the supervision tree of a running shop, and its links and partitions, for a person, or as
/// JSON: what /supervision says, with all of /cluster as its field `cluster`. 0 when all of it is up, 1 when
/// something is not, 69 when the shop can't be reached.
int show_status(const std::string& url, status_view how);

}  // namespace musiccorp::program

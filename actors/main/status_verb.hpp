#pragma once

#include <string>

namespace musiccorp::program {

/// `musiccorp status`: the supervision tree of a running shop, for a person, or its JSON. 0 when all of it is up, 1
/// when something is not, 69 when the shop can't be reached.
int show_status(const std::string& url, bool as_json);

}  // namespace musiccorp::program

#pragma once

#include <string>

#include "config/load.hpp"

namespace musiccorp::config {

/// Every value in effect, one a line: pointer, value, where it comes from (default, file, flag) and what it means.
[[nodiscard]] std::string explain(const loaded_config& config);
/// The same as a JSON object: pointer to {"value", "from", "meaning"}.
[[nodiscard]] std::string explain_json(const loaded_config& config);

}  // namespace musiccorp::config

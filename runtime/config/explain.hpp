#pragma once

#include <string>

#include "config/load.hpp"

namespace musiccorp::config {

/// A table for a terminal, one value in effect a line: pointer, value as JSON, where it comes from (default, file,
/// the flag, inherited), what it means. What services left unsaid is left out; settings of services whose names end
/// with password, secret or token are shown as "***".
[[nodiscard]] std::string explain(const loaded_config& config);
/// The same as a JSON object: pointer to {"value", "from", "meaning"}.
[[nodiscard]] std::string explain_json(const loaded_config& config);

}  // namespace musiccorp::config

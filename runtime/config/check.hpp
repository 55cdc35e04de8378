#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/node_config.hpp"

namespace musiccorp::config {

/// What no single value shows: names that nobody knows, values that contradict each other. Empty when all is well.
[[nodiscard]] std::vector<problem> contradictions(const node_config& config, std::span<const std::string> services);

}  // namespace musiccorp::config

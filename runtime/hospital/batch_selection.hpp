#pragma once

#include <variant>
#include <vector>

#include "base/result.hpp"
#include "hospital/batch_messages.hpp"
#include "hospital/settings.hpp"
#include "service/turn.hpp"

namespace musiccorp::hospital {

/// The cases of a batch as they are now, oldest first, each with the version that it may be acted on. 422 for a
/// filter that asks for closed cases, for more than cases_per_batch_max of them, and when there is none; 404 for a
/// named case that does not exist.
[[nodiscard]] std::variant<std::vector<batch_item>, base::rejected> select(turn& now, const start_batch& command,
                                                                           const hospital_settings& settings);

}  // namespace musiccorp::hospital

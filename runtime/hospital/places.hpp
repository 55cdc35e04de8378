#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

/// Keys of index entities, made so that the order of keys is the order of lists.
namespace musiccorp::hospital {

/// 16 hexadecimal digits, sorted as the times are. Times before 1970 count as 1970.
[[nodiscard]] std::string oldest_first(base::instant time);
/// The other way round.
[[nodiscard]] std::string newest_first(base::instant time);

}  // namespace musiccorp::hospital

#include "hospital/places.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace musiccorp::hospital {
namespace {

std::string sortable(std::int64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto bits = static_cast<std::uint64_t>(number);
  std::string text(16, '0');
  for (auto place = text.rbegin(); place != text.rend(); ++place, bits >>= 4U) *place = digits[bits & 15U];
  return text;
}

std::int64_t microseconds(base::instant time) { return std::max<std::int64_t>(time.time_since_epoch().count(), 0); }

}  // namespace

std::string oldest_first(base::instant time) { return sortable(microseconds(time)); }

std::string newest_first(base::instant time) {
  return sortable(std::numeric_limits<std::int64_t>::max() - microseconds(time));
}

}  // namespace musiccorp::hospital

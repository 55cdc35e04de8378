#include "storage/store.hpp"

#include <array>

namespace musiccorp::storage {

std::string_view name_of(waiting_state state) {
  static constexpr std::array<std::string_view, 4> names{"retry", "deferred", "parked", "dead"};
  return names.at(static_cast<std::size_t>(state));
}

}  // namespace musiccorp::storage

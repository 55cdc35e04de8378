#pragma once

#include <vector>

#include "messages/catalog_entry.hpp"
#include "service/definition.hpp"

namespace musiccorp::inventory {

/// The stock of `entries` is received once, when the store is new.
[[nodiscard]] service_definition inventory_service(std::vector<messages::catalog_entry> entries);

}  // namespace musiccorp::inventory

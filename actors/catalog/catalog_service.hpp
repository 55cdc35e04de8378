#pragma once

#include <vector>

#include "messages/catalog_entry.hpp"
#include "service/definition.hpp"

namespace musiccorp::catalog {

/// `entries` are imported once, when the store is new.
[[nodiscard]] service_definition catalog_service(std::vector<messages::catalog_entry> entries);

}  // namespace musiccorp::catalog

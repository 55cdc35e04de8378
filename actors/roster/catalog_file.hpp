#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "messages/catalog_entry.hpp"

namespace musiccorp::roster {

/// Reads {"items": [...]}, strictly: unknown keys, a sku twice or a negative price are refused with a pointer.
[[nodiscard]] result<std::vector<messages::catalog_entry>> read_catalog(const std::filesystem::path& file);

}  // namespace musiccorp::roster

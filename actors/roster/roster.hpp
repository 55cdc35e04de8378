#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "service/definition.hpp"

namespace musiccorp::roster {

/// All services of the shop.
///
/// `settings_json` has the settings of a service under its name, as JSON text; a service that is not there has its
/// defaults. `data` is the node's data folder (mails go below it). `catalog_file` is read at each start, its items
/// are used when a store is new.
///
/// fault{invalid}: a name that is no service, or settings with unknown keys, wrong types or impossible values; each
/// problem's pointer starts with the service ("/acquirer/fail_percent"). For the catalogue file the text names it and
/// the pointers lead into it ("/items/3/sku"). fault{not_found}: there is no such file.
[[nodiscard]] result<std::vector<service_definition>> roster(const std::map<std::string, std::string>& settings_json,
                                                             const std::filesystem::path& data,
                                                             const std::filesystem::path& catalog_file);

/// Those that may have several partitions: each message they handle is about one thing, and its key says which.
[[nodiscard]] std::vector<std::string> partitionable();

/// All services with default settings and nothing to sell: for their names, messages and routes, not to be run.
[[nodiscard]] std::vector<service_definition> empty_shop();

}  // namespace musiccorp::roster

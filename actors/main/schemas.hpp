#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "service/definition.hpp"

/// JSON Schemas of what crosses the program's borders, as files for editors and for people who write to the shop.
namespace musiccorp::program {

/// Path below config/schema to the file's text: `node.schema.json` is strict, as the reader of node files is;
/// `messages/<type>.v<version>.schema.json` allows further fields, as readers of messages do.
using schema_files = std::map<std::string, std::string>;
/// Of this program: the node file, and every message type that one of the services handles or sends.
[[nodiscard]] schema_files schemas_of(std::span<const service_definition> services);

/// Writes the files whose text differs and returns their paths. Never deletes: an older version's file stays.
/// fault{storage} names the file that cannot be written.
[[nodiscard]] result<std::vector<std::string>> write_schemas(const schema_files& wanted,
                                                             const std::filesystem::path& folder);

/// What differs between the folder and the program, a line each beginning with the file's path; empty when nothing
/// does. Files of older versions of a known message type are welcome.
[[nodiscard]] std::vector<std::string> compare_schemas(const schema_files& wanted,
                                                       const std::filesystem::path& folder);

}  // namespace musiccorp::program

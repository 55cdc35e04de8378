#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/node_config.hpp"

namespace musiccorp::config {

/// Where a value comes from; what is in none of the two sets is a default.
struct origins {
  std::set<std::string> from_file;   ///< JSON pointers of members of the file
  std::set<std::string> from_flags;  ///< and of overrides
};

struct loaded_config {
  node_config effective;
  origins sources;
};

/// One value given on the command line: "/retry/attempts_max=3". The value is JSON; what is no JSON is taken as text.
struct override_value {
  std::string pointer;
  std::string value;
};
/// Reads "/pointer=value". fault{invalid} for anything else.
[[nodiscard]] result<override_value> parse_override(std::string_view text);

/// Reads a node file and applies the overrides. Unknown keys, wrong types, impossible values and unknown services are
/// refused as fault{invalid} with a pointer, what was found, what was wanted and a suggestion; fault{not_found} or
/// fault{storage} when the file cannot be read. Relative paths in it become relative to its folder.
[[nodiscard]] result<loaded_config> load_node_config(const std::filesystem::path& file,
                                                     std::span<const std::string> services,
                                                     std::span<const override_value> overrides = {});

/// The same from text, as if it stood in `folder`.
[[nodiscard]] result<loaded_config> read_node_config(std::string_view text, const std::filesystem::path& folder,
                                                     std::span<const std::string> services,
                                                     std::span<const override_value> overrides = {});

/// The trouble for a person, a line for each problem:
/// `config/node.json: /http/port: wanted an integer, found "80"`.
[[nodiscard]] std::string report(const base::fault& trouble, std::string_view file);

}  // namespace musiccorp::config

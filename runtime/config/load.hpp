#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/node_config.hpp"
#include "config/overrides.hpp"
#include "config/refusals.hpp"

namespace musiccorp::config {

/// JSON pointer of each value that is no default, to "file", the flag that gave it ("--http"), or "inherited" for
/// what a service's retry policy takes from the level above it.
using origins = std::map<std::string, std::string, std::less<>>;

struct loaded_config {
  /// All that is in effect. `services` has an entry for each known service, and their retry policies are whole: what
  /// one leaves out comes from the level above it (message type, service, node). Paths of the file are from its
  /// folder, paths of flags from the current folder, both as the operating system takes them.
  node_config effective;
  origins sources;
};

/// Reads a node file and applies the overrides.
///
/// fault{invalid}: not JSON, unknown or doubled keys, wrong types, impossible values, unknown services; with a
/// problem for each. fault{not_found}, fault{too_large} (above 1 MiB) or fault{storage} when the file cannot be read.
/// The text of a value that a flag gave says so. Show them with `report`.
[[nodiscard]] result<loaded_config> load_node_config(const std::filesystem::path& file,
                                                     std::span<const std::string> services,
                                                     std::span<const override_value> overrides = {});

/// The same from text, as if it stood in `folder`.
[[nodiscard]] result<loaded_config> read_node_config(std::string_view text, const std::filesystem::path& folder,
                                                     std::span<const std::string> services,
                                                     std::span<const override_value> overrides = {});

}  // namespace musiccorp::config

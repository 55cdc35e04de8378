#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

/// A program with three services, and the shortest way to read a node file for it.
namespace musiccorp::config {

inline const std::vector<std::string> services{"inventory", "notification", "order"};

inline result<loaded_config> read(std::string_view text, const std::vector<override_value>& overrides = {}) {
  return read_node_config(text, "shop/config", services, overrides);
}

/// What a person sees when the file is refused; empty when it is not.
inline std::string refusal_of(std::string_view text, const std::vector<override_value>& overrides = {}) {
  const auto loaded = read(text, overrides);
  return loaded ? std::string{} : report(loaded.error(), "node.json");
}

}  // namespace musiccorp::config

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "describe/shape.hpp"

/// From a JSON pointer (RFC 6901) to what is described there.
namespace musiccorp::config {

[[nodiscard]] std::vector<std::string> steps_of(std::string_view pointer);

/// `type` is null when nothing is described there; then `object` is the described object that has no such field, or
/// null inside JSON that nobody described.
struct place {
  const describe::shape* type = nullptr;  ///< never an optional: what it holds
  describe::bounds limits{};
  const describe::shape* object = nullptr;
};
[[nodiscard]] place place_of(const describe::shape& root, std::string_view pointer);

/// One of the two is the other or leads to it: "/http" and "/http/port".
[[nodiscard]] bool is_same_branch(std::string_view a, std::string_view b);

}  // namespace musiccorp::config

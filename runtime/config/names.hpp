#pragma once

#include <string_view>

namespace musiccorp::config {

constexpr std::string_view folder_name_wanted =
    "letters, digits, '-', '_' and '.', not starting with '.': it names a folder";

[[nodiscard]] constexpr bool can_name_a_folder(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos && !name.starts_with('.');
}

}  // namespace musiccorp::config

#pragma once

#include <span>
#include <string_view>

namespace musiccorp::describe {

/// The name that a person who typed `word` most likely meant: fewest edits (insert, delete, replace, swap of
/// neighbours), at most a third of the longer word's length and at least one; empty when nothing is that close. For
/// fields, flags and commands. Words above 64 bytes have no closest name.
[[nodiscard]] std::string_view closest(std::string_view word, std::span<const std::string_view> names);

}  // namespace musiccorp::describe

#pragma once

#include <initializer_list>
#include <string_view>

namespace musiccorp::hospital {

/// True when `wanted` stands in one of the texts; upper and lower case of ASCII letters are alike.
[[nodiscard]] bool mentions(std::string_view wanted, std::initializer_list<std::string_view> texts);

}  // namespace musiccorp::hospital

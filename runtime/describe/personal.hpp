#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "describe/shape.hpp"

/// The personal data in a value, to keep it out of texts that were made from the value. Any thread.
namespace musiccorp::describe {

struct personal_value {
  std::string pointer;  ///< where it stands, as a JSON pointer
  std::string text;     ///< as a person would write it: texts as they are, numbers in digits, instants in RFC 3339
  friend bool operator==(const personal_value&, const personal_value&) = default;
};

/// What stands in PII fields and below them, in the order of the declaration. Empty texts and booleans say nothing
/// about anybody and are left out.
[[nodiscard]] std::vector<personal_value> personal_values(const shape& type, const void* value);

template <described T>
[[nodiscard]] std::vector<personal_value> personal_values(const T& value) {
  return personal_values(shape_of<T>(), &value);
}

/// Every text of a JSON document that is not a field's name, as far as the document can be read.
[[nodiscard]] std::vector<std::string> texts_in(std::string_view json);

}  // namespace musiccorp::describe

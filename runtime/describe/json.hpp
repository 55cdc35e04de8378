#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "describe/shape.hpp"

/// JSON both ways from a shape. Names are the declared ones; instants are RFC 3339 in UTC; choices are their names;
/// an empty optional is left out when writing, and `null` or missing when reading. Any thread.
namespace musiccorp::describe {

enum class unknown_fields : std::uint8_t {
  ignore,  ///< messages: readers are tolerant
  refuse   ///< configuration: a `problem` with a suggestion for each
};
enum class personal_data : std::uint8_t { keep, redact };

struct read_options {
  unknown_fields unknown = unknown_fields::ignore;
  std::size_t depth_max = 32;     ///< nesting; deeper input is refused
  std::size_t problems_max = 20;  ///< reading goes on after the first finding, up to this many
};

/// Fills `value` (already default-constructed). On trouble: fault{invalid} whose `problems` carry a JSON pointer,
/// what was found (shortened, never the value of a PII field) and what was wanted; `value` is then unspecified but
/// valid.
[[nodiscard]] result<void> read_json(std::string_view text, const shape& type, void* value, const read_options& = {});
/// Appends the JSON of `value` to `out`, without white space. Invalid UTF-8 in texts becomes U+FFFD. A number that
/// JSON can't say (NaN, infinity) becomes null.
///
/// Redaction keeps what can be read back: a PII text becomes `***` (more or fewer stars when its limits ask for
/// that); anything else is left out when it may be missing; otherwise a list or map is empty, raw JSON is null, and
/// an object keeps its fields, each treated as PII. (A lower limit on a PII list or map then no longer holds.)
void write_json(std::string& out, const shape& type, const void* value, personal_data = personal_data::keep);

template <class T>
[[nodiscard]] result<T> from_json(std::string_view text, const read_options& options = {}) {
  T value{};
  if (auto read = read_json(text, shape_of<T>(), &value, options); !read) return failure(std::move(read.error()));
  return value;
}

template <class T>
[[nodiscard]] std::string to_json(const T& value, personal_data personal = personal_data::keep) {
  std::string out;
  write_json(out, shape_of<T>(), &value, personal);
  return out;
}

/// Appends `text` as a JSON string with its quotes.
void write_json_text(std::string& out, std::string_view text);

}  // namespace musiccorp::describe

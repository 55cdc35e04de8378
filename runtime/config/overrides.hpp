#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// Values from the command line that win over the node file. They go through the same checks as the file.
namespace musiccorp::config {

struct override_value {
  std::string pointer;         ///< of one value, or of an object whose other members stay
  std::string value;           ///< JSON; what is no JSON, or belongs to a text, is taken as text
  std::string flag = "--set";  ///< as the person knows it; told beside a refused value
};

/// Reads "/retry/attempts_max=3". fault{invalid} for anything else.
[[nodiscard]] result<override_value> parse_override(std::string_view text);

/// Reads "127.0.0.1:0" or "[::1]:8080" of --http. fault{invalid} for anything else.
[[nodiscard]] result<std::vector<override_value>> http_overrides(std::string_view text);

/// The JSON object with the overrides in it, as JSON again; their values are not checked yet. `document` must be a
/// JSON object. fault{invalid}: a pointer leads through something that has no members.
[[nodiscard]] result<std::string> with_overrides(std::string_view document,
                                                 std::span<const override_value> overrides);

/// Pointers of all members that are no objects, or are empty ones. Null gives nothing.
[[nodiscard]] std::vector<std::string> given_in(std::string_view document);

}  // namespace musiccorp::config

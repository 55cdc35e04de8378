#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace musiccorp::http {

/// A request target taken apart (RFC 9112, 3.2). `path` stays percent-encoded and starts with `/`, or is `*`.
struct target_parts {
  std::string path;
  std::vector<named_value> query;
};

/// Reads origin form (`/a?b=c`), absolute form (`http://host/a?b=c`) and `*`. In the query `+` is a space and names
/// and values are decoded. fault{invalid} for a bad percent-encoding, for text that is not UTF-8, and for anything
/// else.
[[nodiscard]] result<target_parts> parse_target(std::string_view target);

/// Undoes percent-encoding; nothing when `%` is not followed by two hex digits, or when the outcome is not UTF-8 or
/// holds a zero byte.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Makes one path segment or query value: all but unreserved characters (RFC 3986, 2.3) become `%XX`.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace musiccorp::http

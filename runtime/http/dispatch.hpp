#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace musiccorp::http {

struct route {
  std::string method;
  std::string pattern;  ///< see `router`
  handler handle;
};

/// One handler for a whole table: fills the path parameters, labels the exchange with the route's place in the table
/// and its pattern, and answers 400, 404, 405 and OPTIONS by itself; also 415 with `accept-encoding: identity`
/// (RFC 9110, 12.5.3) for a body with a content coding, because no handler unpacks one. fault{invalid} or
/// fault{conflict} for a bad table.
[[nodiscard]] result<handler> dispatch(std::vector<route> table);

}  // namespace musiccorp::http

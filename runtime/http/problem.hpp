#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

/// Errors for machines and people: `application/problem+json` (RFC 9457).
///
///     {"type": "urn:musiccorp:problem:invalid", "title": "Bad Request", "status": 400, "detail": "...",
///      "errors": [{"pointer": "/lines/0/quantity", "found": "\"two\"", "wanted": "an integer"}], "trace_id": "..."}
///
/// `errors`, `trace_id`, and `found` and `wanted` of an error are left out when empty. Bytes that are not UTF-8
/// become U+FFFD. 429 and 503 always carry `retry-after` in whole seconds, rounded up, at least 1. All functions are
/// pure and thread-safe.
namespace musiccorp::http {

struct problem_details {
  int status = 500;
  std::string name{};  ///< the last word of `type`; empty: the usual one for the status
  std::string detail{};
  std::vector<problem> errors{};
  std::string trace_id{};
  std::optional<std::chrono::milliseconds> retry_after{};  ///< empty: 1 s where the status calls for it
};

[[nodiscard]] reply problem_reply(const problem_details& details);
/// The status comes from the table of fault kinds; `type` ends in the kind's name.
[[nodiscard]] reply problem_reply(const fault& trouble, std::string_view trace_id = {});
/// A business no: `type` ends in `not_found` for 404 and `rejected` otherwise.
[[nodiscard]] reply problem_reply(const rejected& no, std::string_view trace_id = {});
[[nodiscard]] reply problem_reply(int status, std::string_view detail);

}  // namespace musiccorp::http

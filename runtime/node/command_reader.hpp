#pragma once

#include <string>

#include "base/result.hpp"
#include "http/message.hpp"
#include "service/definition.hpp"

namespace musiccorp::node {

/// What an HTTP request says to the service of this route: its path parameters, query parameters and JSON body as one
/// JSON object. Only the frame is checked here (media type, known query names); the fields are checked by whoever
/// reads them. fault{unsupported} for a body that is not JSON by its media type, fault{invalid} for an unknown query
/// parameter.
[[nodiscard]] result<std::string> command_text(const http::request& request, const service::route& route);

/// The value of the command's key field when it stands in path or query; empty otherwise.
[[nodiscard]] std::string command_key(const http::request& request, const service::route& route);

/// The Idempotency-Key header, scoped by the route; empty when there is none. fault{invalid} for one that is empty,
/// longer than 255 bytes or not printable ASCII, and for two that differ: either could be the one that was meant.
[[nodiscard]] result<std::string> idempotency_of(const http::request& request, const service::route& route);

}  // namespace musiccorp::node

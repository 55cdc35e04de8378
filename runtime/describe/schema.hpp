#pragma once

#include <string>

#include "describe/shape.hpp"

namespace musiccorp::describe {

/// JSON Schema (draft 2020-12) of a described type, indented by two spaces, with nested described types under
/// `$defs`. PII fields carry `"x-pii": true`, the key field `"x-key": true`. `strict` forbids unknown properties.
[[nodiscard]] std::string json_schema(const shape& type, bool strict = false);

/// The same without `$schema` and `$defs`, for the components of an OpenAPI document: nested described types are
/// `#/components/schemas/<name>`.
[[nodiscard]] std::string openapi_schema(const shape& type);

}  // namespace musiccorp::describe

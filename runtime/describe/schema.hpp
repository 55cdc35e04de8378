#pragma once

#include <string>
#include <vector>

#include "describe/shape.hpp"

/// Documents made from shapes, indented by two spaces, the same bytes each time. Lengths of texts count bytes in the
/// reader and characters in JSON Schema. That a reader takes `null` for a missing field is not advertised.
namespace musiccorp::describe {

/// JSON Schema (draft 2020-12) of a described type, with nested described types under `$defs`. PII fields carry
/// `"x-pii": true`, the key field `"x-key": true`. `strict` forbids unknown properties.
[[nodiscard]] std::string json_schema(const shape& type, bool strict = false);

/// The same without `$schema` and `$defs`, for the components of an OpenAPI 3.1 document: nested described types are
/// `#/components/schemas/<component_name>`.
[[nodiscard]] std::string openapi_schema(const shape& type);

/// The declared name as a legal key of OpenAPI components: other characters than letters, digits, `.`, `-` and `_`
/// become `_`.
[[nodiscard]] std::string component_name(const shape& type);

/// The described types that `type` mentions, itself first, each once: what the components must hold.
[[nodiscard]] std::vector<const shape*> described_types(const shape& type);

}  // namespace musiccorp::describe

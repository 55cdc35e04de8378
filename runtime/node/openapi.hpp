#pragma once

#include <span>
#include <string>
#include <string_view>

#include "service/definition.hpp"

namespace musiccorp::node {

/// The OpenAPI 3.1 document of these services, made from their routes and described structs.
[[nodiscard]] std::string openapi_document(std::span<const service_definition> services, std::string_view version);

}  // namespace musiccorp::node

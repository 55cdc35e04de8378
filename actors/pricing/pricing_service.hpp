#pragma once

#include "service/definition.hpp"

namespace musiccorp::pricing {

[[nodiscard]] service_definition pricing_service();

}  // namespace musiccorp::pricing

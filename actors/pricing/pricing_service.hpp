#pragma once

#include "pricing/pricing_rules.hpp"
#include "service/definition.hpp"

namespace musiccorp::pricing {

[[nodiscard]] service_definition pricing_service(pricing_settings settings);

}  // namespace musiccorp::pricing

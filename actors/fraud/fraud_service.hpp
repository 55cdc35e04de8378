#pragma once

#include "fraud/fraud_rules.hpp"
#include "service/definition.hpp"

namespace musiccorp::fraud {

[[nodiscard]] service_definition fraud_service(fraud_settings settings);

}  // namespace musiccorp::fraud

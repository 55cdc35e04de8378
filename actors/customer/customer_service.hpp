#pragma once

#include "service/definition.hpp"

namespace musiccorp::customer {

[[nodiscard]] service_definition customer_service();

}  // namespace musiccorp::customer

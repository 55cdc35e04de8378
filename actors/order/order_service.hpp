#pragma once

#include "service/definition.hpp"

namespace musiccorp::order {

[[nodiscard]] service_definition order_service();

}  // namespace musiccorp::order

#pragma once

#include "service/definition.hpp"

namespace musiccorp::shipping {

[[nodiscard]] service_definition shipping_service();

}  // namespace musiccorp::shipping

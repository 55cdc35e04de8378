#pragma once

#include "service/definition.hpp"
#include "warehouse/warehouse_rules.hpp"

namespace musiccorp::warehouse {

[[nodiscard]] service_definition warehouse_service(warehouse_settings settings);

}  // namespace musiccorp::warehouse

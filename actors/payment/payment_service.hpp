#pragma once

#include "service/definition.hpp"

namespace musiccorp::payment {

[[nodiscard]] service_definition payment_service();

}  // namespace musiccorp::payment

#pragma once

#include "acquirer/acquirer_rules.hpp"
#include "service/definition.hpp"

namespace musiccorp::acquirer {

[[nodiscard]] service_definition acquirer_service(acquirer_settings settings);

}  // namespace musiccorp::acquirer

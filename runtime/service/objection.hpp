#pragma once

#include "base/result.hpp"
#include "message/catalogue.hpp"

namespace musiccorp::service {

/// Says in a rule's no what stands at the place to which the rule objects, personal data masked. A no that says it
/// already, or names no place in the payload, stays as it is. `message` is what the rule was asked; `types` know it.
void add_finding(base::rejected& no, const message::catalogue& types, const message::envelope& message);

}  // namespace musiccorp::service

#pragma once

#include <string>
#include <string_view>

#include "delivery/dead_letters.hpp"

/// What is asked of the service that owns a case: it has the message and what waits behind it. A case id that is none
/// is asked of the hospital itself, which has no such dead letter. Pure.
namespace musiccorp::hospital {

/// The service, or its partition, in a case id.
[[nodiscard]] std::string owner_in(std::string_view case_id);

/// What would a replay do? `payload` instead of the message's own; empty: unchanged.
[[nodiscard]] delivery::rehearse_message rehearsal_of(const std::string& case_id, std::string payload);
/// What is parked behind it now?
[[nodiscard]] delivery::show_followers followers_of(const std::string& case_id);

}  // namespace musiccorp::hospital

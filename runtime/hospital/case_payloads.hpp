#pragma once

#include "hospital/case_file.hpp"
#include "hospital/masks.hpp"
#include "service/turn.hpp"

/// The payloads of a case: the original and each edit, and which of them the service has.
namespace musiccorp::hospital {

/// The message as the service has it: its envelope, and its payload if that is a new one.
void take_message(turn& now, case_file& one, envelope message);

/// Adds an edit, not yet known to be at the service; `version` is that of the message type. Gives the new message's
/// id.
std::string add_edit(turn& now, case_file& one, std::string payload, std::int32_t version, const std::string& by,
                     const std::string& reason);

/// The replay succeeded: what was sent with it is the message now.
void settle_edit(case_file& one);

/// The message with its payload of this number; an empty payload when it was forgotten.
[[nodiscard]] envelope message_with(turn& now, const case_file& one, std::int32_t number);

/// Knows what is personal in any of the payloads.
[[nodiscard]] scrubber scrubber_for(turn& now, const case_file& one, const message::catalogue& types);

}  // namespace musiccorp::hospital

#pragma once

#include <string>
#include <string_view>

#include "hospital/case_messages.hpp"
#include "message/catalogue.hpp"
#include "message/scrubber.hpp"

/// Keeps personal data out of what the hospital shows. Pure.
namespace musiccorp::hospital {

using message::mask;
using message::scrubber;

/// The payload with personal data masked as the type says; hidden whole when it can't be read as its type.
[[nodiscard]] payload_view masked(const message::catalogue& types, envelope message);
/// All of it.
[[nodiscard]] payload_view revealed(const std::string& payload);

/// What is wrong with a payload as one of this type, with pointers that begin with `prefix`; nothing when it is good.
/// Stars in place of personal data are wrong: they come from a masked view. fault{unsupported} when this program
/// does not know the type.
[[nodiscard]] result<void> check_payload(const message::catalogue& types, const std::string& type,
                                         std::string_view payload, std::string_view prefix);

}  // namespace musiccorp::hospital

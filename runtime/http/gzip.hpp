#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace musiccorp::http {

/// `text` in the gzip format (RFC 1952), packed fast rather than small.
[[nodiscard]] std::string gzip(std::string_view text);

/// Does the client take gzip (RFC 9110, 12.5.3)? Not when it says nothing, and not with a weight of zero.
[[nodiscard]] bool accepts_gzip(const request& asked);

/// The answer packed, when the client takes that and the body has more than 1 KiB. Says that it depends on the
/// request (`vary`), packed or not.
[[nodiscard]] reply compressed(const request& asked, reply answer);

}  // namespace musiccorp::http

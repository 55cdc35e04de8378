#pragma once

#include <string>
#include <string_view>

namespace musiccorp::telemetry {

/// `text` as valid UTF-8 without control characters: a bad sequence becomes U+FFFD, a control character a space.
/// At most `bytes_max` bytes, cut between characters.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t bytes_max);

}  // namespace musiccorp::telemetry

#pragma once

#include <string>
#include <string_view>

/// What failures have in common. Pure.
namespace musiccorp::hospital {

/// The text with everything that differs from case to case replaced by #: words that hold a digit (numbers, ids,
/// uuids, addresses), and each of `names` where it stands as a word. Neighbouring # become one, and so does white
/// space; the result is cut after 400 bytes.
[[nodiscard]] std::string normalised(std::string_view text, std::string_view name = {});

/// 16 hexadecimal digits: the same for failures of one kind at one service.
[[nodiscard]] std::string fingerprint(std::string_view service, std::string_view type, std::string_view error,
                                      std::string_view backtrace);

}  // namespace musiccorp::hospital

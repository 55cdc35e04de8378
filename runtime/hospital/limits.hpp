#pragma once

#include <cstddef>
#include <cstdint>

#include "describe/describe.hpp"

/// What the hospital's requests may hold.
namespace musiccorp::hospital {

inline constexpr auto page_size_limits = between(1, 200);
inline constexpr auto page_token_length = at_most(400);
inline constexpr auto id_length = between(1, 300);
inline constexpr auto filter_length = at_most(300);
inline constexpr auto name_length = between(1, 100);
inline constexpr auto reason_length = between(1, 1'000);
inline constexpr auto optional_reason_length = at_most(1'000);
inline constexpr std::int64_t held_max_s = 600;
inline constexpr auto held_limits = between(0, held_max_s);

/// What a case keeps; beyond that the oldest lines go and long texts are cut.
inline constexpr std::size_t notes_kept = 100;
inline constexpr std::size_t error_bytes = 2'000;
inline constexpr std::size_t masked_error_bytes = 500;  ///< stands in every list
inline constexpr std::size_t backtrace_bytes = 8'000;
/// Edits of one case; above it 409.
inline constexpr std::size_t edits_max = 20;

}  // namespace musiccorp::hospital

#pragma once

#include "describe/describe.hpp"

/// Lists are paged: `page_size` entries at most, and `next_page_token` to go on with; empty at the end.
namespace musiccorp::messages {

inline constexpr auto page_size_limits = between(1, 200);
inline constexpr auto page_token_length = at_most(200);

}  // namespace musiccorp::messages

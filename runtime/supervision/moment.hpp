#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace musiccorp::supervision {

/// Monotonic time, in microseconds: how long ago, never which day. A jump of the wall clock must not spend or refill
/// a restart budget (OTP's supervisor counts monotonic time for the same reason).
using moment = std::chrono::time_point<std::chrono::steady_clock, base::duration>;

}  // namespace musiccorp::supervision

#pragma once

#include <string>

namespace musiccorp::delivery {

/// The kernel's name for the time since this machine came up (random(4): /proc/sys/kernel/random/boot_id). Another
/// one means that the power was off in between. Empty when it cannot be read.
[[nodiscard]] std::string boot_id_now();

}  // namespace musiccorp::delivery

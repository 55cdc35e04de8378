#pragma once

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <chrono>
#include <functional>

namespace musiccorp::node {

/// An actor that calls `work` every `interval`, on a scheduler thread, until it is told to exit. `work` must be
/// short; what it throws ends the actor, and is its supervisor's matter.
[[nodiscard]] caf::actor spawn_ticker(caf::actor_system& system, std::chrono::milliseconds interval,
                                      std::function<void()> work);

}  // namespace musiccorp::node

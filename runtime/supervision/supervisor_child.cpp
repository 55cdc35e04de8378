#include <utility>

#include "supervision/supervisor_actor.hpp"

namespace musiccorp::supervision {

supervised_child supervisor_child(child_spec spec, supervisor_setup setup) {
  spec.kind = child_kind::supervisor;
  if (!spec.ready_within) spec.ready_within = 1min;
  setup.orphans = std::make_shared<orphanage>();
  auto start = [setup = std::move(setup)](const start_context& how) -> result<started_child> {
    auto own = setup;
    own.path = how.path;
    own.parent = how.link;
    own.seed += how.run;
    if (!own.board) own.board = how.board;
    if (!own.clock) own.clock = how.clock;
    if (!own.observe) own.observe = how.observe;
    auto made = spawn_supervisor(how.system, std::move(own));
    if (!made) return failure(std::move(made.error()));
    return started_child{std::move(*made)};
  };
  return {std::move(spec), std::move(start)};
}

}  // namespace musiccorp::supervision

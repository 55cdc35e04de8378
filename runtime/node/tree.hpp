#pragma once

#include <functional>
#include <span>

#include "node/cell_factory.hpp"
#include "node/node.hpp"
#include "supervision/supervisor_actor.hpp"

namespace musiccorp::node {

/// What the tree's own workers do, beside the cells.
struct housekeeping {
  std::function<void()> observe;  ///< each second: what the machine says about this process
  std::function<void()> relay;    ///< each 50 ms: requests of other nodes that nobody answered in time; empty: alone
  std::function<void()> sweep;    ///< each 50 ms: requests that nobody answered in time
};

/// The supervision tree of a node, as data:
///
///     node                      rest_for_one: what depends on something starts after it and restarts with it
///       telemetry               worker
///       cluster                 worker, on a node that has neighbours; the links have threads of their own
///       services                one_for_one, with delays: a service that fails again and again never takes the
///         <service>             others along; several at once spend the budget, and then the node gives up
///           0                   one_for_one over the service's partitions, each a cell that rebuilds in place
///       hospital                the same shape as a service
///       gateway                 worker
///
/// What it refers to must outlive the supervisors.
[[nodiscard]] supervision::supervisor_setup tree_of(const node_options& options,
                                                    std::span<const service_definition> services, cell_factory& cells,
                                                    housekeeping work);

}  // namespace musiccorp::node

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http/dispatch.hpp"
#include "node/observatory.hpp"
#include "service/cell.hpp"

namespace musiccorp::node {

using cell_statuses = std::vector<std::shared_ptr<service::cell_status>>;

/// The routes that tell about the node itself: `/`, `/healthz`, `/readyz`, `/metrics`, `/openapi.json`. `ailments`
/// says, at any time and on any thread, what is wrong with the process as a whole; with any it is not healthy. What
/// `hindrances` say keeps it only from being ready: no restart would help. What is passed must outlive the handlers.
[[nodiscard]] std::vector<http::route> admin_routes(observatory& numbers, const cell_statuses& cells,
                                                    std::span<const service_definition> services,
                                                    const std::string& name, const std::string& version,
                                                    std::function<std::vector<std::string>()> ailments,
                                                    std::function<std::vector<std::string>()> hindrances);

[[nodiscard]] bool all_running(const cell_statuses& cells);

}  // namespace musiccorp::node

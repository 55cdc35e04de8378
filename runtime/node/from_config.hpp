#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "config/cluster_file.hpp"
#include "config/node_config.hpp"
#include "node/node.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {

/// The options that this configuration asks for. `data` is where the stores go when the configuration does not say.
[[nodiscard]] node_options options_from(const config::node_config& config, std::string version,
                                        std::filesystem::path data);

/// What a node of this name has to know of its cluster. The plan knows the name. What a rule may send fits into a
/// parcel, also as a part of the story of its death.
[[nodiscard]] cluster_options cluster_from(const config::cluster_plan& plan, const std::string& self,
                                           const std::string& version, std::int64_t payload_bytes_max);

/// What a node file says about message types: each must be one that its service handles. fault{invalid} with a
/// problem for each other one.
[[nodiscard]] result<void> check_message_types(const config::node_config& config,
                                               std::span<const service_definition> services);

/// Settings of each service as JSON text, for those that have any.
[[nodiscard]] std::map<std::string, std::string> settings_from(const config::node_config& config);

/// `on_terminal`: do people read stderr?
[[nodiscard]] telemetry::log_config logs_from(const config::log_settings& config, bool on_terminal);

}  // namespace musiccorp::node

#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "describe/shape.hpp"

/// What is wrong with a configuration file, in words that help.
namespace musiccorp::config {

/// Problems of describe's reader get what a person at a terminal needs besides: the whole range of a number, the
/// names of the fields, line and column in `text`, a suggestion. `root` is what was read.
[[nodiscard]] fault sharpened(fault trouble, std::string_view text, const describe::shape& root);

/// The trouble for a person, a line for each problem, each ending with a line feed:
///
///     config/node.json: /http/port: wanted an integer from 0 to 65535, found "80"; did you mean 80?
[[nodiscard]] std::string report(const base::fault& trouble, std::string_view file);

}  // namespace musiccorp::config

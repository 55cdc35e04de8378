#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace musiccorp::config {

/// The whole file. fault{not_found}, fault{too_large} (above 1 MiB) or fault{storage}, with a problem that says what
/// was `wanted` ("a node file") and which file beside it may have been meant.
[[nodiscard]] result<std::string> read_file(const std::filesystem::path& file, const std::string& wanted);

}  // namespace musiccorp::config

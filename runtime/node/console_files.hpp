#pragma once

#include <span>
#include <string_view>

namespace musiccorp::node {

/// One file of monitoring/console, as it was when this program was built.
struct console_file {
  std::string_view path;  ///< below /console/, "pages/shop.js"
  std::string_view bytes;
};

/// All of them, sorted by path; written by .cmake/Embed.cmake. They live as long as the program.
[[nodiscard]] std::span<const console_file> console_files();

}  // namespace musiccorp::node

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace musiccorp::delivery {

/// The program or a shared library in this process.
struct loaded_module {
  std::string path;
  std::string build_id;     ///< hex; empty when the file has none
  std::uint64_t base = 0;   ///< what the linker's addresses were moved by
  std::uint64_t begin = 0;  ///< first and
  std::uint64_t end = 0;    ///< one past the last address
};

/// The program first. Any thread.
[[nodiscard]] std::vector<loaded_module> loaded_modules();

}  // namespace musiccorp::delivery

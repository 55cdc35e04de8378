#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/run_program.hpp"

/// The words of these tests.
namespace musiccorp::program {

using testing::ending;
using testing::quoted;
using testing::text_of;
using testing::write;

inline ending run(const std::vector<std::string>& words, const std::filesystem::path& program = MUSICCORP_PROGRAM,
                  std::chrono::seconds longest = std::chrono::seconds{30}) {
  return testing::run_program(words, program, longest);
}

}  // namespace musiccorp::program

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace musiccorp::demo {

struct demo_options {
  std::size_t orders = 2'000;
  std::size_t clients = 8;
  std::uint64_t seed = 1;
  bool keep = false;  ///< leave the shop open until SIGINT or SIGTERM, and its data there
  bool json = false;  ///< the result as JSON on stdout; progress stays on stderr
  std::filesystem::path program = "/proc/self/exe";
  std::filesystem::path config;  ///< the node file
  std::filesystem::path data;    ///< a new folder for this run is made in it
};

/// Opens a fresh shop as a process of its own, drives orders through it over HTTP, waits until all is done and prints
/// what happened, with each promise of the shop held against what its services say.
///
/// Returns 0 when every promise holds, 1 when one is broken, 2 when the demo could not run. SIGINT and SIGTERM end it
/// early and orderly. Call it before other threads are started: it blocks these signals for the threads it starts.
int run_demo(const demo_options& options);

}  // namespace musiccorp::demo

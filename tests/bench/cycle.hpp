#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace musiccorp::bench {

/// What a run of durable cycles is made of: a source publishes, a worker changes an entity and publishes, a hospital
/// takes the cases of what dies.
struct cycle_plan {
  std::int64_t healthy = 0;            ///< messages whose rule ends well
  std::int64_t fail_once_of_1000 = 0;  ///< how many of them fail at their first try
  std::int64_t poison = 0;  ///< further messages, evenly among the others, that die of their attempts; each
                            ///< has a key of its own, so that none of the others waits behind it
};

struct cycle_numbers {
  double per_second = 0;    ///< healthy messages, from the first request to the commit of the last one's turn
  double processor_us = 0;  ///< of this whole process for each of them, its client too
  double messages_per_commit = 0;
  std::vector<double> crash_gaps_us{};  ///< from a rule's throw to the next rule's begin in the same batch
};

/// A node with its stores in `data`, which is made for the run and removed after it.
[[nodiscard]] cycle_numbers run_cycles(const std::filesystem::path& data, const cycle_plan& plan);

}  // namespace musiccorp::bench

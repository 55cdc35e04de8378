#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace musiccorp::telemetry {

/// Which lines of one component are written: of each event, so many in each second. The others are counted and told
/// with the next line of their event. Mechanism only: the caller locks.
class repeat_limit {
 public:
  static constexpr std::size_t events_max = 256;  ///< Events beyond it share one limit.

  struct verdict {
    bool write = true;
    std::uint64_t repeated = 0;  ///< lines that were left out since the last written one
  };

  /// `lines_max` = 0 means no limit.
  [[nodiscard]] verdict admit(std::string_view event, instant now, std::uint32_t lines_max);

  /// Events with lines that were left out and not told yet; afterwards they count as told.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> take_untold();

 private:
  struct state {
    std::chrono::sys_seconds second{};
    std::uint32_t written = 0;
    std::uint64_t left_out = 0;
  };
  state& state_of(std::string_view event);
  std::map<std::string, state, std::less<>> events_;
};

}  // namespace musiccorp::telemetry

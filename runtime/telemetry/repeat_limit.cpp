#include "telemetry/repeat_limit.hpp"

namespace musiccorp::telemetry {

repeat_limit::verdict repeat_limit::admit(std::string_view event, instant now, std::uint32_t lines_max) {
  if (lines_max == 0) return {};
  auto& known = state_of(event);
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != known.second) {
    known.second = second;
    known.written = 0;
  }
  if (known.written >= lines_max) {
    ++known.left_out;
    return {false, 0};
  }
  ++known.written;
  return {true, std::exchange(known.left_out, 0)};
}

std::vector<std::pair<std::string, std::uint64_t>> repeat_limit::take_untold() {
  std::vector<std::pair<std::string, std::uint64_t>> untold;
  for (auto& [event, known] : events_)
    if (const auto count = std::exchange(known.left_out, 0); count > 0) untold.emplace_back(event, count);
  return untold;
}

repeat_limit::state& repeat_limit::state_of(std::string_view event) {
  if (const auto known = events_.find(event); known != events_.end()) return known->second;
  return events_[events_.size() < events_max ? std::string{event} : "other-events"];
}

}  // namespace musiccorp::telemetry

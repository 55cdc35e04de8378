#include "supervision/restart_budget.hpp"

#include <algorithm>

namespace musiccorp::supervision {

bool restart_budget::spend(moment now) {
  while (!spent_.empty() && now - spent_.front() > period_) spent_.pop_front();
  spent_.push_back(now);
  if (spent_.size() <= intensity_) return true;
  while (spent_.size() > std::size_t{intensity_} + 1) spent_.pop_front();
  return false;
}

std::uint32_t restart_budget::left(moment now) const {
  const auto counted = std::ranges::count_if(spent_, [&](moment at) { return now - at <= period_; });
  const auto used = static_cast<std::uint32_t>(counted);
  return used < intensity_ ? intensity_ - used : 0;
}

std::optional<moment> restart_budget::refills_at(moment now) const {
  for (const auto at : spent_)
    if (now - at <= period_) return at + period_ + duration{1};
  return std::nullopt;
}

void restart_budget::change(std::uint32_t intensity, duration period) {
  intensity_ = intensity;
  period_ = period;
}

}  // namespace musiccorp::supervision

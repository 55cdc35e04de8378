#include "bench/measurement.hpp"

#include <algorithm>

namespace musiccorp::bench {

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

measurement summarize(std::string name, std::string unit, std::vector<double> runs, std::optional<double> mark,
                      std::string note) {
  measurement made{
      std::move(name), std::move(unit), percentile(runs, 0.5), 0, 0, static_cast<std::int64_t>(runs.size()), mark,
      std::move(note)};
  if (runs.empty()) return made;
  made.min = runs.front();  // percentile() has sorted them.
  made.max = runs.back();
  return made;
}

measurement repeat(const settings& how, std::string name, std::string unit, const std::function<double()>& once,
                   std::optional<double> mark, std::string note) {
  std::vector<double> runs;
  for (std::size_t i = 0; i < how.runs; ++i) runs.push_back(once());
  return summarize(std::move(name), std::move(unit), std::move(runs), mark, std::move(note));
}

}  // namespace musiccorp::bench

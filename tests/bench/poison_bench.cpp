#include <string>

#include "base/ensure.hpp"
#include "bench/cycle.hpp"
#include "bench/measurement.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::bench {

/// Healthy messages beside those that fail and die: in turns with a clean run each, so that a disk or a neighbour
/// that is slow for a while is slow for both.
void measure_poison(const settings& how, measurements& into) {
  const auto healthy = static_cast<std::int64_t>(scaled(how, 100'000));
  const cycle_plan clean{.healthy = healthy};
  const cycle_plan usual{.healthy = healthy, .fail_once_of_1000 = 10, .poison = healthy / 1000 + 1};
  const cycle_plan poisoned{.healthy = healthy, .poison = healthy / 99 + 1};
  // A node says each failure, to a file; a terminal would be measured here.
  telemetry::log_config lines;
  lines.file = how.scratch / "poison.log";
  ensure(telemetry::start_logs(lines).has_value(), "the log can be written");
  const cycle_plan disaster{.healthy = healthy, .poison = 10};
  std::vector<double> disaster_ratios;
  std::vector<double> usual_rates, usual_ratios, poisoned_rates, poisoned_ratios;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto rate = [&](const char* what, const cycle_plan& plan) {
      return run_cycles(how.scratch / (what + std::to_string(run)), plan).per_second;
    };
    const auto before = rate("clean", clean);
    usual_rates.push_back(rate("usual", usual));
    const auto between = rate("clean again", clean);
    poisoned_rates.push_back(rate("poisoned", poisoned));
    const auto after = rate("clean at last", clean);
    disaster_ratios.push_back(rate("disaster", disaster) / after);
    usual_ratios.push_back(usual_rates.back() / ((before + between) / 2));
    poisoned_ratios.push_back(poisoned_rates.back() / ((between + after) / 2));
  }
  ensure(telemetry::start_logs({}).has_value(), "stderr can be written");
  into.push_back(summarize("durable cycle, 1 % fail once, 0.1 % die", "1/s", std::move(usual_rates), {},
                           "first retry within 10 ms; the dead ones have keys of their own, and cases"));
  into.push_back(summarize("the same / clean cycle", "ratio", std::move(usual_ratios)));
  into.push_back(summarize("healthy messages, 1 % poison", "1/s", std::move(poisoned_rates), {},
                           "each throws five times and dies: 1.05 handled messages for each healthy one"));
  into.push_back(summarize("the same / without poison", "ratio", std::move(poisoned_ratios), 0.95));
  into.push_back(summarize("healthy messages beside 10 poison / without", "ratio", std::move(disaster_ratios), 0.95,
                           "the tale of the price job that killed every worker"));
}

}  // namespace musiccorp::bench

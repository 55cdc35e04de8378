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
  std::vector<double> usual_rates, usual_ratios, poisoned_rates, poisoned_ratios, poison_costs;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto cycles = [&](const char* what, const cycle_plan& plan) {
      return run_cycles(how.scratch / (what + std::to_string(run)), plan);
    };
    const auto before = cycles("clean", clean);
    usual_rates.push_back(cycles("usual", usual).per_second);
    const auto between = cycles("clean again", clean);
    const auto with_poison = cycles("poisoned", poisoned);
    const auto after = cycles("clean at last", clean);
    disaster_ratios.push_back(cycles("disaster", disaster).per_second / after.per_second);
    usual_ratios.push_back(usual_rates.back() / ((before.per_second + between.per_second) / 2));
    poisoned_rates.push_back(with_poison.per_second);
    poisoned_ratios.push_back(with_poison.per_second / ((between.per_second + after.per_second) / 2));
    const auto healthy_us = (between.processor_us + after.processor_us) / 2;
    poison_costs.push_back((with_poison.processor_us - healthy_us) * static_cast<double>(healthy) /
                           static_cast<double>(poisoned.poison) / healthy_us);
  }
  ensure(telemetry::start_logs({}).has_value(), "stderr can be written");
  into.push_back(summarize("durable cycle, 1 % fail once, 0.1 % die", "1/s", std::move(usual_rates), {},
                           "first retry within 10 ms; the dead ones have keys of their own, and cases"));
  into.push_back(summarize("the same / clean cycle", "ratio", std::move(usual_ratios)));
  into.push_back(summarize("healthy messages, 1 % poison", "1/s", std::move(poisoned_rates), {},
                           "each throws five times and dies: 1.05 handled messages for each healthy one"));
  into.push_back(summarize("the same / without poison", "ratio", std::move(poisoned_ratios), 0.95));
  into.push_back(summarize("processor time of one poison, in healthy messages", "messages", std::move(poison_costs),
                           {}, "five attempts with their records, a dead letter, and its case"));
  into.push_back(summarize("healthy messages beside 10 poison / without", "ratio", std::move(disaster_ratios), 0.95,
                           "the tale of the price job that killed every worker"));
}

}  // namespace musiccorp::bench

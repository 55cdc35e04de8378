#include "bench/cycle.hpp"
#include "bench/measurement.hpp"

namespace musiccorp::bench {

void measure_cycle(const settings& how, measurements& into) {
  std::vector<double> rates;
  std::vector<double> groups;
  for (std::size_t run = 0; run < how.runs; ++run) {
    const auto numbers = run_cycles(how.scratch / ("cycle-" + std::to_string(run)),
                                    {.healthy = static_cast<std::int64_t>(scaled(how, 100'000))});
    rates.push_back(numbers.per_second);
    groups.push_back(numbers.messages_per_commit);
  }
  into.push_back(summarize("durable cycle through cells", "1/s", std::move(rates), 30'000,
                           "publish, deliver, rule with a state change and a message of 300 B, ack"));
  into.push_back(summarize("durable cycle: messages per fsync", "messages", std::move(groups)));
}

}  // namespace musiccorp::bench

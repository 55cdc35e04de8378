#include "supervision/child_spec.hpp"

#include <set>

#include "describe/describe.hpp"

namespace musiccorp::supervision {
namespace {

using findings = std::vector<problem>;

template <describe::choice T>
void check_choice(findings& found, std::string pointer, T value) {
  const auto names = describe_choice(value);
  const auto index = static_cast<std::size_t>(value);
  if (index >= names.size())
    found.push_back({std::move(pointer), std::to_string(index), "an index below " + std::to_string(names.size())});
}

void check_not_negative(findings& found, std::string pointer, duration value) {
  if (value < duration{0})
    found.push_back({std::move(pointer), std::to_string(value.count()) + " us", "a time that is not negative"});
}

}  // namespace

child_spec with_defaults(child_spec spec) {
  if (!spec.stop) spec.stop = spec.kind == child_kind::supervisor ? stop_limit::unlimited() : stop_limit::within(5s);
  return spec;
}

duration reset_after(const backoff_policy& policy) {
  return policy.reset_after.value_or((policy.delay_first + policy.delay_max) / 2);
}

findings check(const supervisor_options& options) {
  findings found;
  check_choice(found, "/strategy", options.strategy);
  check_choice(found, "/shutdown", options.shutdown);
  if (options.period <= duration{0})
    found.push_back({"/period", std::to_string(options.period.count()) + " us", "a time above 0"});
  if (options.differing_in_row == 0) found.push_back({"/differing_in_row", "0", "at least 1"});
  check_not_negative(found, "/kill_grace", options.kill_grace);
  const auto& backoff = options.backoff;
  check_not_negative(found, "/backoff/delay_first", backoff.delay_first);
  if (backoff.delay_max < backoff.delay_first)
    found.push_back(
        {"/backoff/delay_max", std::to_string(backoff.delay_max.count()) + " us", "at least delay_first"});
  if (!(backoff.jitter >= 0 && backoff.jitter <= 1))
    found.push_back({"/backoff/jitter", std::to_string(backoff.jitter), "a number from 0 to 1"});
  if (backoff.reset_after) check_not_negative(found, "/backoff/reset_after", *backoff.reset_after);
  return found;
}

findings check(const child_spec& spec, const supervisor_options& options) {
  findings found;
  if (spec.id.empty()) found.push_back({"/id", "nothing", "a name"});
  check_choice(found, "/restart", spec.restart);
  check_choice(found, "/kind", spec.kind);
  if (spec.stop) check_not_negative(found, "/stop", spec.stop->time());
  if (spec.ready_within) check_not_negative(found, "/ready_within", *spec.ready_within);
  if (spec.significant && options.shutdown == auto_shutdown::never)
    found.push_back({"/significant", "true", "false, because the supervisor never ends by itself"});
  if (spec.significant && spec.restart == restart_kind::permanent)
    found.push_back({"/significant", "true", "false, because a permanent child never ends for good"});
  return found;
}

findings check(const std::vector<child_spec>& specs, const supervisor_options& options) {
  findings found;
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto place = "/" + std::to_string(i);
    for (auto& one : check(specs[i], options)) {
      one.pointer = place + one.pointer;
      found.push_back(std::move(one));
    }
    if (!ids.insert(specs[i].id).second) found.push_back({place + "/id", specs[i].id, "an id that is not there yet"});
  }
  if (options.strategy == restart_strategy::pool && specs.size() != 1)
    found.push_back({"", std::to_string(specs.size()) + " specs", "exactly one, the template of a pool"});
  return found;
}

}  // namespace musiccorp::supervision

#include "node/from_config.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "describe/findings.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

delivery::retry_policy policy_from(const config::retry_config& config) {
  return {config.attempts_max,
          milliseconds{config.delay_first_ms},
          milliseconds{config.delay_longest_ms},
          config.jitter_percent,
          milliseconds{config.deadline_ms},
          config.process_deaths_max,
          milliseconds{config.retry_after_longest_ms}};
}

template <class Number>
std::size_t size(Number number) {
  return static_cast<std::size_t>(number);
}

void set_order(service::partition_limits& limits, const config::order_config& config) {
  limits.order = config.policy == config::order_choice::park    ? delivery::order_policy::park
                 : config.policy == config::order_choice::block ? delivery::order_policy::block
                                                                : delivery::order_policy::none;
  limits.parked_per_key_max = size(config.parked_per_key_max);
  limits.parked_max = size(config.parked_max);
}

http::server_options door_from(const config::http_config& config) {
  http::server_options door;
  door.host = config.host;
  door.port = static_cast<std::uint16_t>(config.port);
  door.io_threads = size(config.io_threads);
  door.body_limit = size(config.body_limit_bytes);
  door.header_limit = size(config.header_limit_bytes);
  door.connections_max = size(config.connections_max);
  door.requests_in_flight_max = size(config.requests_in_flight_max);
  door.idle_timeout = milliseconds{config.idle_timeout_ms};
  door.header_timeout = milliseconds{config.header_timeout_ms};
  door.body_timeout = milliseconds{config.body_timeout_ms};
  // The gateway's own deadline answers first and says more.
  door.answer_timeout = milliseconds{config.request_timeout_ms} + seconds{5};
  return door;
}

request::breaker_policy breaker_from(const config::breaker_config& config) {
  request::breaker_policy made;
  made.failures_in_row = static_cast<std::uint32_t>(config.failures_in_row);
  made.failures_percent = static_cast<std::uint32_t>(config.failures_percent);
  made.calls_min = static_cast<std::uint32_t>(config.calls_min);
  made.window = milliseconds{config.window_ms};
  made.open_first = milliseconds{config.open_first_ms};
  made.open_longest = milliseconds{config.open_longest_ms};
  made.jitter_percent = config.jitter_percent;
  made.probes_max = static_cast<std::uint32_t>(config.probes_max);
  return made;
}

service_options defaults_from(const config::node_config& config) {
  service_options made;
  made.limits.retry = policy_from(config.retry);
  set_order(made.limits, config.order);
  made.limits.breaker = breaker_from(config.breaker);
  made.limits.log_messages_max = size(config.streams.log_messages_max);
  made.limits.deferral_longest = milliseconds{config.streams.deferral_longest_ms};
  made.limits.window_messages = size(config.streams.window_messages);
  made.limits.window_bytes = size(config.streams.window_bytes);
  made.limits.batch_messages = size(config.streams.batch_messages);
  made.limits.payload_bytes_max = size(config.streams.payload_bytes_max);
  made.limits.log_kept = seconds{config.streams.log_kept_s};
  made.limits.answers_kept = seconds{config.streams.answers_kept_s};
  return made;
}

supervision_options supervision_from(const config::supervision_config& config) {
  supervision_options made;
  made.restarts_max = static_cast<std::uint32_t>(config.restarts_max);
  made.restarts_period = milliseconds{config.restarts_period_ms};
  made.differing_crashes = static_cast<std::uint32_t>(config.differing_crashes);
  made.services_restarts_max = static_cast<std::uint32_t>(config.services_restarts_max);
  made.delay_first = milliseconds{config.delay_first_ms};
  made.delay_longest = milliseconds{config.delay_longest_ms};
  made.handler_deadline = milliseconds{config.handler_deadline_ms};
  made.wedged_ends_process = config.wedged == config::wedge_choice::end_process;
  return made;
}

service_options service_from(const config::service_config& config, service_options made) {
  made.mailbox_limit = static_cast<std::uint64_t>(config.mailbox_limit);
  made.mailbox_bytes_limit = static_cast<std::uint64_t>(config.mailbox_bytes_limit);
  if (config.order) set_order(made.limits, *config.order);
  if (config.retry) made.limits.retry = policy_from(*config.retry);
  for (const auto& [type, retry] : config.retry_by_type) made.limits.retry_by_type[type] = policy_from(retry);
  return made;
}

telemetry::log_level level_from(config::log_detail level) {
  return telemetry::log_level_named(describe::name_of(level)).value_or(telemetry::log_level::warning);
}

/// Where the other nodes ask it: a door that listens everywhere is where its link is.
config::address door_of(const config::cluster_member& one) {
  const bool everywhere = one.http.host == "0.0.0.0" || one.http.host == "::";
  return {everywhere ? one.link.host : one.http.host, one.http.port};
}

}  // namespace

node_options options_from(const config::node_config& config, std::string version, std::filesystem::path data) {
  node_options options;
  options.name = config.node;
  options.version = std::move(version);
  options.data = std::move(data);
  options.durability = config.durability == config::durability_choice::fsync ? storage::durability::fsync
                                                                             : storage::durability::process;
  options.http = door_from(config.http);
  options.request_timeout = milliseconds{config.http.request_timeout_ms};
  options.threads = size(config.scheduler.threads);
  options.throughput = size(config.scheduler.throughput);
  options.seed = config.seed ? static_cast<std::uint64_t>(*config.seed) : base::seed_from_system();
  options.traces.begun_one_in = static_cast<std::uint32_t>(config.traces.begun_one_in);
  options.traces.exported.endpoint = config.traces.endpoint;
  options.traces.exported.spans_queued_max = size(config.traces.spans_queued_max);
  options.supervision = supervision_from(config.supervision);
  options.defaults = defaults_from(config);
  for (const auto& [name, one] : config.services) options.services[name] = service_from(one, options.defaults);
  return options;
}

cluster_options cluster_from(const config::cluster_plan& plan, const std::string& self, const std::string& version,
                             std::int64_t payload_bytes_max) {
  cluster_options made;
  auto& links = made.links;
  links.cluster = plan.name;
  links.self = self;
  links.version = version;
  for (const auto& one : plan.members) {
    if (one.name != self) {
      links.peers.push_back({one.name, one.link.host, one.link.port});
      made.doors.emplace(one.name, "http://" + config::text_of(door_of(one)));
      continue;
    }
    links.host = one.link.host;
    links.port = one.link.port;
  }
  if (const auto files = plan.tls_of(self)) links.tls = {files->authority, files->certificate, files->key};
  links.plain_allowed_beyond_loopback = plan.links.plain_beyond_loopback;
  links.beat = milliseconds{plan.links.beat_ms};
  links.down_after = milliseconds{plan.links.down_after_ms};
  links.reconnect_first = milliseconds{plan.links.reconnect_first_ms};
  links.reconnect_longest = milliseconds{plan.links.reconnect_longest_ms};
  links.outstanding_bytes_max = size(plan.links.outstanding_bytes_max);
  links.parcel_bytes_max += 8 * size(payload_bytes_max);  // Its text is in there once more, as a text in JSON.
  links.owners = plan.owners;
  for (const auto& [service, count] : plan.partitions) made.counts.set(service, count);
  return made;
}

result<void> check_message_types(const config::node_config& config, std::span<const service_definition> services) {
  std::vector<problem> problems;
  for (const auto& one : services) {
    const auto given = config.services.find(one.service());
    if (given == config.services.end()) continue;
    std::vector<std::string_view> known;
    for (const auto& handler : one.handlers()) known.emplace_back(handler.type);
    for (const auto& [type, retry] : given->second.retry_by_type) {
      if (std::ranges::find(known, type) != known.end()) continue;
      std::string pointer = "/services";
      describe::append_step(pointer, one.service());
      pointer += "/retry_by_type";
      describe::append_step(pointer, type);
      const auto meant = describe::closest(type, known);
      problems.push_back(
          {pointer, "a message that " + one.service() + " does not handle",
           meant.empty() ? "one that it does" : "one that it does; did you mean " + std::string{meant} + "?"});
    }
  }
  if (problems.empty()) return {};
  return failure(describe::refusal(std::move(problems)));
}

std::map<std::string, std::string> settings_from(const config::node_config& config) {
  std::map<std::string, std::string> settings;
  for (const auto& [name, one] : config.services)
    if (!one.settings.text.empty()) settings.emplace(name, one.settings.text);
  return settings;
}

telemetry::log_config logs_from(const config::log_settings& config, bool on_terminal) {
  telemetry::log_config logs;
  const bool human = config.format == config::log_form::human ||
                     (config.format == config::log_form::automatic && on_terminal && config.file.empty());
  logs.format = human ? telemetry::log_format::human : telemetry::log_format::json;
  logs.file = config.file;
  logs.level = level_from(config.level);
  for (const auto& [component, level] : config.levels) logs.levels[component] = level_from(level);
  return logs;
}

}  // namespace musiccorp::node

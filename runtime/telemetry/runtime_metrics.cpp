#include "telemetry/runtime_metrics.hpp"

#include <algorithm>

#include "telemetry/buckets.hpp"
#include "telemetry/sliding_peak.hpp"

namespace musiccorp::telemetry {
namespace {

using base::fault_class;
using names = std::string_view;

// In the order of the enumerations.
constexpr std::array<names, 4> outcome_names{"ok", "error", "retry", "timeout"};
constexpr std::array<names, 3> refusal_names{"full", "closed", "expired"};
constexpr std::array<names, 5> state_names{"ready", "inflight", "delayed", "parked", "dead"};
constexpr std::array<names, 3> settlement_names{"processed", "dead", "discarded"};
constexpr std::array<names, 4> retry_names{"error", "timeout", "link", "overload"};
constexpr std::array<names, 3> replay_names{"processed", "died_again", "refused"};
constexpr std::array<names, 8> death_names{"attempts",    "deadline", "expired",   "rejected",
                                           "undecodable", "schema",   "too_large", "handler_crash"};
constexpr std::array<names, 3> stray_names{"unexpected", "undecodable", "process_death"};
constexpr std::array<names, 5> account_names{"published", "processed", "dead", "discarded", "queued"};
constexpr std::array<names, 2> trouble_names{"io", "corrupt"};
constexpr std::array<names, 7> cause_names{"ended",        "crash",  "killed", "exhausted",
                                           "start_failed", "wedged", "sibling"};
constexpr std::array<names, 3> case_names{"open", "replaying", "discarding"};
constexpr std::array<names, 4> code_names{"2xx", "3xx", "4xx", "5xx"};
constexpr std::array<names, 7> method_names{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

/// One handle for each value of the label `name`, all beside the same `first` label.
template <std::size_t Count, class Handle>
void fill(std::array<Handle, Count>& handles, const family<Handle>& family, label first, std::string_view name,
          const std::array<names, Count>& values) {
  for (std::size_t i = 0; i < Count; ++i) handles[i] = family.with({first, {name, values[i]}});
}

double seconds_since_1970(instant time) { return std::chrono::duration<double>{time.time_since_epoch()}.count(); }

}  // namespace

std::string_view name_of(death_reason reason) { return death_names[static_cast<std::size_t>(reason)]; }
std::string_view name_of(stray_reason reason) { return stray_names[static_cast<std::size_t>(reason)]; }

retry_reason retry_reason_of(base::fault_kind kind) {
  switch (kind) {
    case base::fault_kind::timeout:
      return retry_reason::timeout;
    case base::fault_kind::unavailable:
      return retry_reason::link;
    case base::fault_kind::busy:
    case base::fault_kind::overloaded:
      return retry_reason::overload;
    default:
      return retry_reason::error;
  }
}

death_reason death_reason_of(base::fault_kind kind) {
  switch (kind) {
    case base::fault_kind::expired:
      return death_reason::expired;
    case base::fault_kind::too_large:
      return death_reason::too_large;
    case base::fault_kind::schema:
      return death_reason::schema;
    case base::fault_kind::crash:
      return death_reason::handler_crash;
    default:
      return base::facts_of(kind).what == fault_class::transient ? death_reason::attempts : death_reason::rejected;
  }
}

message_metrics::message_metrics(metrics_registry& registry, std::string_view service, std::string_view message)
    : seconds_(
          registry
              .histograms("runtime_handler_seconds", "Run time of a handler.", handler_seconds_buckets, {"service"})
              .with({{"service", service}})) {
  const auto handled = registry.counters("runtime_messages_handled_total", "Handled messages by result.",
                                         {"service", "message", "outcome"});
  for (std::size_t i = 0; i < outcomes_.size(); ++i)
    outcomes_[i] = handled.with({{"service", service}, {"message", message}, {"outcome", outcome_names[i]}});
}

struct alignas(64) cell_metrics::mailbox {
  std::atomic<std::uint64_t> depth{0};
  sliding_peak peak;
  gauge depth_now;
  gauge high_water;

  void saw(std::uint64_t messages) noexcept {
    depth.store(messages, std::memory_order_relaxed);
    peak.saw(messages);
  }
  void report(instant now) {
    saw(depth.load(std::memory_order_relaxed));  // What still waits counts for the new window too.
    depth_now.set(depth.load(std::memory_order_relaxed));
    high_water.set(peak.read(now));
  }
};

cell_metrics::cell_metrics(metrics_registry& registry, std::string_view service)
    : registry_(&registry), service_(service), mailbox_(std::make_shared<mailbox>()) {
  const label own{"service", service};
  mailbox_->depth_now =
      registry.gauges("runtime_mailbox_depth", "Requests without an answer that the service holds now.", {"service"})
          .with({own});
  mailbox_->high_water =
      registry.gauges("runtime_mailbox_high_water", "Most of these, over 15 s.", {"service"}).with({own});
  limit_ = registry.gauges("runtime_mailbox_limit", "As many as it may hold.", {"service"}).with({own});
  const auto refusals = registry.counters("runtime_mailbox_rejected_total", "Messages that the mailbox refused.",
                                          {"service", "reason"});
  fill(refusals_, refusals, own, "reason", refusal_names);
  waits_ = registry
               .histograms("runtime_mailbox_wait_seconds", "Time from a request's arrival to the start of its work.",
                           wait_seconds_buckets, {"service"})
               .with({own});
  pending_ =
      registry.gauges("runtime_requests_pending", "Of these, the ones that were taken from the mailbox.", {"service"})
          .with({own});
  duplicates_ = registry
                    .counters("runtime_duplicates_suppressed_total",
                              "Messages and requests that came again and changed nothing.", {"service"})
                    .with({own});
  out_of_order_ = registry
                      .counters("runtime_out_of_order_total",
                                "Gaps in streams; what was missing was asked for again.", {"service"})
                      .with({own});
  fill(strays_,
       registry.counters("runtime_strays_total", "What a service got and could not take: no message of ours.",
                         {"service", "reason"}),
       own, "reason", stray_names);
  started_ = registry.gauges("runtime_actor_started_timestamp_seconds", "Last start of the service.", {"service"})
                 .with({own});
  wedged_ = registry.gauges("runtime_wedged", "1 while a handler is over its deadline.", {"service"}).with({own});
  wedged_total_ =
      registry.counters("runtime_wedged_total", "Handlers that went over their deadline.", {"service"}).with({own});
  hook_ = registry.on_scrape([box = mailbox_, &registry] { box->report(registry.now()); });
}

void cell_metrics::mailbox_depth(std::uint64_t messages) const noexcept {
  if (mailbox_) mailbox_->saw(messages);
}

void cell_metrics::watch_mailbox(std::function<std::uint64_t()> read) {
  if (!registry_) return;
  hook_ = registry_->on_scrape([box = mailbox_, read = std::move(read), &registry = *registry_] {
    box->saw(read());
    box->report(registry.now());
  });
}

void cell_metrics::started(instant now) const noexcept { started_.set(seconds_since_1970(now)); }

void cell_metrics::wedged(bool now) const noexcept {
  wedged_.set(std::int64_t{now});
  if (now) wedged_total_.increment();
}

const message_metrics& cell_metrics::message(std::string_view type) {
  if (const auto known = messages_.find(type); known != messages_.end()) return known->second;
  return messages_.emplace(type, registry_ ? message_metrics{*registry_, service_, type} : message_metrics{})
      .first->second;
}

queue_metrics::queue_metrics(metrics_registry& registry, std::string_view queue) {
  const label own{"queue", queue};
  const label subscriber{"service", queue.substr(queue.find(':') + 1)};
  published_ =
      registry.counters("runtime_queue_published_total", "Messages that entered the queue.", {"queue"}).with({own});
  fill(settled_,
       registry.counters("runtime_queue_settled_total", "Messages that left the queue.", {"queue", "outcome"}), own,
       "outcome", settlement_names);
  attempts_ = registry
                  .histograms("runtime_message_attempts", "Attempts until a message was settled.", attempts_buckets,
                              {"service"})
                  .with({subscriber});
  fill(retries_, registry.counters("runtime_retries_total", "Attempts after the first.", {"queue", "reason"}), own,
       "reason", retry_names);
  fill(deaths_, registry.counters("runtime_dead_letters_total", "Messages that died.", {"queue", "reason"}), own,
       "reason", death_names);
  fill(replays_, registry.counters("runtime_replays_total", "Replays of dead letters.", {"service", "outcome"}),
       subscriber, "outcome", replay_names);
  limit_ = registry
               .gauges("runtime_queue_limit", "Messages that the publisher keeps at most for those who are away.",
                       {"queue"})
               .with({own});
  held_ = registry
              .gauges("runtime_queue_held",
                      "1 while nothing is sent: parked messages are at the limit, or a store went back.", {"queue"})
              .with({own});
  fill(depth_, registry.gauges("runtime_queue_messages", "Stored messages by state.", {"queue", "state"}), own,
       "state", state_names);
  const auto oldest = registry.gauges("runtime_queue_oldest_timestamp_seconds",
                                      "Birth of the oldest message; 0 when there is none.", {"queue", "state"});
  for (std::size_t i = 0; i < oldest_.size(); ++i)
    if (static_cast<queue_state>(i) != queue_state::inflight)  // What is in flight is ready, and the oldest of it.
      oldest_[i] = oldest.with({own, {"state", state_names[i]}});
  fill(accounts_,
       registry.gauges("runtime_ledger_messages", "Totals since the store was made, from one commit point.",
                       {"queue", "account"}),
       own, "account", account_names);
  imbalance_ = registry
                   .gauges("runtime_ledger_imbalance",
                           "published - processed - dead - discarded - queued; must be 0.", {"queue"})
                   .with({own});
}

void queue_metrics::depth(queue_state state, std::uint64_t messages, std::optional<instant> oldest) const noexcept {
  const auto at = static_cast<std::size_t>(state);
  depth_[at].set(messages);
  oldest_[at].set(oldest ? seconds_since_1970(*oldest) : 0.0);
}

void queue_metrics::ledger(std::uint64_t published, std::uint64_t processed, std::uint64_t dead,
                           std::uint64_t discarded, std::uint64_t queued, std::int64_t imbalance) const noexcept {
  const std::array totals{published, processed, dead, discarded, queued};
  for (std::size_t i = 0; i < totals.size(); ++i) accounts_[i].set(totals[i]);
  imbalance_.set(imbalance);
}

store_metrics::store_metrics(metrics_registry& registry)
    : batch_(registry
                 .histograms("runtime_store_commit_batch_messages", "Messages that shared one commit.", batch_buckets)
                 .with({})),
      seconds_(
          registry.histograms("runtime_store_commit_seconds", "Time of a commit, waiting included.", seconds_buckets)
              .with({})),
      bytes_(registry.gauges("runtime_store_bytes", "Size of the store files.").with({})) {
  const auto errors = registry.counters("runtime_store_errors_total", "Troubles of the store.", {"kind"});
  for (std::size_t i = 0; i < errors_.size(); ++i) errors_[i] = errors.with({{"kind", trouble_names[i]}});
}

void store_metrics::bytes(std::uint64_t now) noexcept {
  const auto before = own_bytes_.exchange(now, std::memory_order_relaxed);
  bytes_.add(static_cast<std::int64_t>(now - before));
}

http_metrics::http_metrics(metrics_registry& registry)
    : seconds_(registry.histograms("http_request_duration_seconds", "Answered requests.", http_seconds_buckets,
                                   {"route", "method", "code"})),
      in_flight_(registry.gauges("http_requests_in_flight", "Requests without an answer yet.").with({})) {}

void http_metrics::declare(std::string_view route, std::string_view method) {
  constexpr std::size_t good = 0, trouble = 3;
  (void)series_of(route, method, good);
  (void)series_of(route, method, trouble);
}

void http_metrics::observe(std::string_view route, std::string_view method, int status, double seconds) {
  series_of(route, method, static_cast<std::size_t>(std::clamp(status / 100 - 2, 0, 3))).observe(seconds);
}

histogram http_metrics::series_of(std::string_view route, std::string_view method, std::size_t code) {
  const bool known_method = std::ranges::find(method_names, method) != method_names.end();
  const std::string_view verb = known_method ? method : "other";
  const std::scoped_lock lock{mutex_};
  auto by_method = routes_.find(route);
  if (by_method == routes_.end()) by_method = routes_.emplace(route, decltype(routes_)::mapped_type{}).first;
  auto by_code = by_method->second.find(verb);
  if (by_code == by_method->second.end()) by_code = by_method->second.emplace(verb, by_class{}).first;
  auto& series = by_code->second[code];
  if (!series) series = seconds_.with({{"route", route}, {"method", verb}, {"code", code_names[code]}});
  return *series;
}

supervisor_metrics::supervisor_metrics(metrics_registry& registry, std::string_view supervisor)
    : supervisor_(supervisor),
      restarts_(registry.counters("runtime_supervisor_restarts_total", "Children that were started again.",
                                  {"supervisor", "child", "cause"})),
      budget_(
          registry
              .gauges("runtime_supervisor_budget_remaining", "Restarts that are left in the window.", {"supervisor"})
              .with({{"supervisor", supervisor}})),
      escalations_(registry
                       .counters("runtime_supervisor_escalations_total",
                                 "Times that a supervisor spent its budget and ended.", {"supervisor"})
                       .with({{"supervisor", supervisor}})) {}

void supervisor_metrics::restarted(std::string_view child, restart_cause cause) {
  series_of(child)[static_cast<std::size_t>(cause)].increment();
}

supervisor_metrics::by_cause supervisor_metrics::series_of(std::string_view child) {
  const std::scoped_lock lock{mutex_};
  if (const auto known = children_.find(child); known != children_.end()) return known->second;
  by_cause made;
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i] = restarts_.with({{"supervisor", supervisor_}, {"child", child}, {"cause", cause_names[i]}});
  return children_.emplace(child, made).first->second;
}

dependency_metrics::dependency_metrics(metrics_registry& registry, std::string_view service,
                                       std::string_view dependency) {
  const std::initializer_list<label> own{{"service", service}, {"dependency", dependency}};
  state_ = registry
               .gauges("runtime_breaker_state", "Before a service that is asked: 0 closed, 1 half open, 2 open.",
                       {"service", "dependency"})
               .with(own);
  opened_ =
      registry
          .counters("runtime_breaker_opened_total", "Times that a closed breaker opened.", {"service", "dependency"})
          .with(own);
  refused_ = registry
                 .counters("runtime_breaker_refused_total",
                           "Requests that were answered without asking, because the breaker was not closed.",
                           {"service", "dependency"})
                 .with(own);
}

hospital_metrics::hospital_metrics(metrics_registry& registry)
    : letters_(registry.gauges("runtime_dead_letters", "Cases in the hospital that are not closed.",
                               {"service", "reason"})) {
  const auto cases = registry.gauges("runtime_hospital_cases", "Cases that are not closed, by state.", {"state"});
  for (std::size_t i = 0; i < cases_.size(); ++i) cases_[i] = cases.with({{"state", case_names[i]}});
}

void hospital_metrics::changed(std::string_view service, std::string_view reason, int by) {
  const auto known = std::ranges::find(death_names, reason);
  if (known != death_names.end()) series_of(service)[static_cast<std::size_t>(known - death_names.begin())].add(by);
}

void hospital_metrics::changed_state(std::string_view state, int by) const noexcept {
  const auto known = std::ranges::find(case_names, state);
  if (known != case_names.end()) cases_[static_cast<std::size_t>(known - case_names.begin())].add(by);
}

hospital_metrics::by_reason& hospital_metrics::series_of(std::string_view service) {
  if (const auto known = services_.find(service); known != services_.end()) return known->second;
  auto& made = services_[std::string{service}];
  fill(made, letters_, {"service", service}, "reason", death_names);
  return made;
}

}  // namespace musiccorp::telemetry

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "telemetry/metrics.hpp"

/// The runtime's own numbers, as verbs for the rooms that know them. Names, labels and meanings are public:
/// dashboards and alerts use them. Everything that has a known set of values starts at 0. All seconds are seconds.
///
/// Objects made by default (without a registry) count nothing. All others must end before their registry.
namespace musiccorp::telemetry {

enum class handled_outcome : std::uint8_t { ok, error, retry, timeout };
enum class mailbox_refusal : std::uint8_t { full, closed, expired };
/// `parked`: behind an earlier message of its key that waits or is dead.
enum class queue_state : std::uint8_t { ready, inflight, delayed, parked, dead };
enum class settlement : std::uint8_t { processed, dead, discarded };
enum class retry_reason : std::uint8_t { error, timeout, link, overload };
enum class death_reason : std::uint8_t {
  attempts,      ///< the limit of attempts was reached
  deadline,      ///< it was tried for as long as its service's policy allows
  expired,       ///< the message's own time limit passed
  rejected,      ///< permanent: trying again cannot help
  undecodable,   ///< the payload is not what its type says
  schema,        ///< unknown type or version
  too_large,     ///< it has more bytes than a message may have
  handler_crash  ///< the rule threw, or the process died in it
};
/// What came through no log and is nothing that can be tried again.
enum class stray_reason : std::uint8_t {
  unexpected,    ///< no handler takes it
  undecodable,   ///< it could not be read, or what it says is not for this node
  process_death  ///< a request in which the process died
};
enum class replay_outcome : std::uint8_t { processed, died_again, refused };
enum class store_trouble : std::uint8_t { io, corrupt };  ///< a full disk is io; `runtime_store_free_bytes` tells
/// Why a supervisor started a child again.
enum class restart_cause : std::uint8_t {
  ended,         ///< by itself, and it should not have
  crash,         ///< it failed
  killed,        ///< it was ended without being asked
  exhausted,     ///< a supervisor whose budget was used up
  start_failed,  ///< it did not come up
  wedged,        ///< it did not end when it was told to
  sibling        ///< nothing was wrong with it: the strategy restarts it along with another one
};

[[nodiscard]] std::string_view name_of(death_reason reason);
[[nodiscard]] std::string_view name_of(stray_reason reason);
/// The name that a trouble has in `runtime_retries_total`.
[[nodiscard]] retry_reason retry_reason_of(base::fault_kind kind);
/// The name that a rule's final trouble has in `runtime_dead_letters_total`: transient kinds died of their
/// `attempts`.
[[nodiscard]] death_reason death_reason_of(base::fault_kind kind);

/// One message type of one service: resolve once, then count without a look-up. Thread-safe.
class message_metrics {
 public:
  message_metrics() = default;
  message_metrics(metrics_registry& registry, std::string_view service, std::string_view message);
  /// How the handler's run ended. Its run time counts for the service; see `handler_took`.
  void handled(handled_outcome outcome) const noexcept { outcomes_[static_cast<std::size_t>(outcome)].increment(); }
  void handler_took(double seconds) const noexcept { seconds_.observe(seconds); }

 private:
  std::array<counter, 4> outcomes_;
  histogram seconds_;
};

/// One service instance. With more than one partition on a node, give each its own name (`order/0`): their mailboxes
/// are gauges and cannot be added up here.
class cell_metrics {
 public:
  cell_metrics() = default;
  cell_metrics(metrics_registry& registry, std::string_view service);

  /// What the mailbox holds now. Any thread; costs a store and a load.
  void mailbox_depth(std::uint64_t messages) const noexcept;
  /// Instead of telling each depth: where to read it at scrape time. Spikes in between are then not seen. `read` must
  /// be thread-safe and outlive this object.
  void watch_mailbox(std::function<std::uint64_t()> read);
  void mailbox_limit(std::uint64_t messages) const noexcept { limit_.set(messages); }
  void mailbox_rejected(mailbox_refusal reason) const noexcept {
    refusals_[static_cast<std::size_t>(reason)].increment();
  }
  /// How long one request had waited when its work began.
  void waited(double seconds) const noexcept { waits_.observe(seconds); }
  /// Requests that were taken and have no answer yet.
  void requests_pending(std::uint64_t requests) const noexcept { pending_.set(requests); }
  /// A message or request that was known already and changed nothing.
  void duplicate(std::uint64_t messages = 1) const noexcept { duplicates_.increment(messages); }
  /// Whether or not anybody hears of it.
  void strayed(stray_reason reason) const noexcept { strays_[static_cast<std::size_t>(reason)].increment(); }
  /// A stream with a gap: its messages are asked for again.
  void out_of_order() const noexcept { out_of_order_.increment(); }
  /// The service started, or was started again.
  void started(instant now) const noexcept;
  /// A handler is over its deadline; `false` when it has returned or its cell was replaced.
  void wedged(bool now) const noexcept;

  /// The numbers of one message type; the reference is valid as long as this object. One owner (the cell), no
  /// locking; the first call for a type is slow, and starts its outcomes at 0.
  [[nodiscard]] const message_metrics& message(std::string_view type);
  /// The same by name for each message: about 20 ns. One owner.
  void handled(std::string_view type, handled_outcome outcome) { message(type).handled(outcome); }
  void handler_took(std::string_view type, double seconds) { message(type).handler_took(seconds); }

  /// Where further numbers of this service belong; null without one.
  [[nodiscard]] metrics_registry* registry() const noexcept { return registry_; }

 private:
  struct mailbox;
  metrics_registry* registry_ = nullptr;
  std::string service_;
  std::shared_ptr<mailbox> mailbox_;
  gauge limit_;
  std::array<counter, 3> refusals_;
  histogram waits_;
  gauge pending_;
  counter duplicates_;
  counter out_of_order_;
  std::array<counter, 3> strays_;
  gauge started_;
  gauge wedged_;
  counter wedged_total_;
  std::map<std::string, message_metrics, std::less<>> messages_;
  scrape_hook hook_;
};

/// One queue: one subscription, named `<upstream>:<subscriber>`. Attempts and replays count for the subscriber.
/// Thread-safe.
class queue_metrics {
 public:
  queue_metrics() = default;
  queue_metrics(metrics_registry& registry, std::string_view queue);

  void published(std::uint64_t messages = 1) const noexcept { published_.increment(messages); }
  /// Messages that left the queue for good.
  void settled(settlement outcome, std::uint64_t messages = 1) const noexcept {
    settled_[static_cast<std::size_t>(outcome)].increment(messages);
  }
  /// How many tries a message had when it was settled; 1 when the first one did.
  void attempts(std::uint64_t tries) const noexcept { attempts_.observe(static_cast<double>(tries)); }
  void retried(retry_reason reason) const noexcept { retries_[static_cast<std::size_t>(reason)].increment(); }
  /// How a replay of a dead letter ended.
  void replayed(replay_outcome outcome) const noexcept { replays_[static_cast<std::size_t>(outcome)].increment(); }
  /// Messages that the publisher keeps at most for subscribers that are away.
  void limit(std::uint64_t messages) const noexcept { limit_.set(messages); }
  /// The subscriber gives no credit because as many messages are parked as may be.
  void held(bool now) const noexcept { held_.set(std::int64_t{now}); }
  void died(death_reason reason) const noexcept { deaths_[static_cast<std::size_t>(reason)].increment(); }
  /// What is stored now. `oldest` is the birth of the oldest message, nothing when there is none; it stays the same
  /// through retries and death.
  void depth(queue_state state, std::uint64_t messages, std::optional<instant> oldest) const noexcept;
  /// Totals since the store was made, read at one commit point, as far as this node knows them; `imbalance` must be
  /// 0, or a message was lost or counted twice.
  /// Call it from a scrape hook, so that a scrape sees all numbers of one reading.
  void ledger(std::uint64_t published, std::uint64_t processed, std::uint64_t dead, std::uint64_t discarded,
              std::uint64_t queued, std::int64_t imbalance) const noexcept;

 private:
  counter published_;
  std::array<counter, 3> settled_;
  histogram attempts_;
  std::array<counter, 4> retries_;
  std::array<counter, 8> deaths_;
  std::array<counter, 3> replays_;
  gauge held_;
  gauge limit_;
  std::array<gauge, 5> depth_;
  std::array<gauge, 5> oldest_;
  std::array<gauge, 5> accounts_;
  gauge imbalance_;
};

/// One store file; a node's stores are added up, as the families have no label for them. Thread-safe.
class store_metrics {
 public:
  store_metrics() = default;
  explicit store_metrics(metrics_registry& registry);
  store_metrics(const store_metrics&) = delete;
  store_metrics& operator=(const store_metrics&) = delete;
  ~store_metrics() { bytes(0); }

  /// One commit of so many messages, and the time from its request to the disk's word, waiting included.
  void committed(std::uint64_t messages, double seconds) const noexcept {
    batch_.observe(static_cast<double>(messages));
    seconds_.observe(seconds);
  }
  void failed(store_trouble kind) const noexcept { errors_[static_cast<std::size_t>(kind)].increment(); }
  /// The size of this store's files now.
  void bytes(std::uint64_t now) noexcept;

 private:
  histogram batch_;
  histogram seconds_;
  std::array<counter, 2> errors_;
  gauge bytes_;
  std::atomic<std::uint64_t> own_bytes_{0};
};

/// The HTTP server. Thread-safe.
class http_metrics {
 public:
  http_metrics() = default;
  explicit http_metrics(metrics_registry& registry);

  /// Starts the series of one route at 0: its good answers and its errors of the server. Other classes of status
  /// begin with their first answer.
  void declare(std::string_view route, std::string_view method);
  /// `route` is the template (`/orders/{id}`), never the path. Unknown methods count as `other`, statuses by their
  /// class.
  void observe(std::string_view route, std::string_view method, int status, double seconds);
  /// Requests without an answer yet.
  void in_flight(std::uint64_t requests) const noexcept { in_flight_.set(requests); }

 private:
  using by_class = std::array<std::optional<histogram>, 4>;  // 2xx to 5xx
  histogram series_of(std::string_view route, std::string_view method, std::size_t code);

  family<histogram> seconds_;
  gauge in_flight_;
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, by_class, std::less<>>, std::less<>> routes_;
};

/// One supervisor and its children. Thread-safe.
class supervisor_metrics {
 public:
  supervisor_metrics() = default;
  supervisor_metrics(metrics_registry& registry, std::string_view supervisor);

  /// Starts the causes of one child at 0. Children of a pool share one name.
  void declare(std::string_view child) { (void)series_of(child); }
  void restarted(std::string_view child, restart_cause cause);
  /// Its budget was spent: it ends, and whoever supervises it decides.
  void escalated() const noexcept { escalations_.increment(); }
  /// Restarts that are left in the window.
  void budget_remaining(std::uint64_t restarts) const noexcept { budget_.set(restarts); }

 private:
  using by_cause = std::array<counter, 7>;
  by_cause series_of(std::string_view child);

  std::string supervisor_;
  family<counter> restarts_;
  gauge budget_;
  counter escalations_;
  std::mutex mutex_;
  std::map<std::string, by_cause, std::less<>> children_;
};

/// One service as another one asks it, through a circuit breaker. Thread-safe.
class dependency_metrics {
 public:
  dependency_metrics() = default;
  dependency_metrics(metrics_registry& registry, std::string_view service, std::string_view dependency);

  /// 0 closed, 1 half open, 2 open.
  void state(std::uint8_t now) const noexcept { state_.set(std::uint64_t{now}); }
  /// It was closed until now. A probe that failed is not counted again.
  void opened() const noexcept { opened_.increment(); }
  /// A request was answered without asking.
  void refused() const noexcept { refused_.increment(); }

 private:
  gauge state_;
  counter opened_;
  counter refused_;
};

/// What the hospital keeps. One owner; no locking.
class hospital_metrics {
 public:
  hospital_metrics() = default;
  explicit hospital_metrics(metrics_registry& registry);

  /// Starts the reasons of one service at 0.
  void declare(std::string_view service) { (void)series_of(service); }
  /// So many more dead letters of this service are there, or fewer.
  void changed(std::string_view service, std::string_view reason, int by);
  /// So many more cases that are not closed are in this state (`open`, `replaying`, `discarding`), or fewer.
  void changed_state(std::string_view state, int by) const noexcept;

 private:
  using by_reason = std::array<gauge, 8>;
  by_reason& series_of(std::string_view service);

  family<gauge> letters_;
  std::array<gauge, 3> cases_;
  std::map<std::string, by_reason, std::less<>> services_;
};

}  // namespace musiccorp::telemetry

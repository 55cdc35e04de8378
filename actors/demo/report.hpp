#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "demo/books.hpp"
#include "demo/hospital_visit.hpp"
#include "demo/load.hpp"
#include "demo/promises.hpp"

namespace musiccorp::demo {

/// Milliseconds.
struct latency {
  double p50_ms = 0;
  double p99_ms = 0;

  static constexpr auto describe() {
    return describe_as("latency", 1, field("p50_ms", &latency::p50_ms), field("p99_ms", &latency::p99_ms));
  }
};
[[nodiscard]] latency latency_of(std::vector<double> milliseconds);

/// Orders of one kind and how the shop answered: "201" -> how many; "none" when no answer came.
struct sent_kind {
  std::string kind;
  std::int64_t orders = 0;
  std::map<std::string, std::int64_t> answers;
  std::map<std::string, std::int64_t> cancels;  ///< answers to the cancel
  std::int64_t repeats = 0;                     ///< second requests under the same Idempotency-Key
  std::int64_t repeats_same = 0;                ///< that got the same answer

  static constexpr auto describe() {
    return describe_as("sent_kind", 1, field("kind", &sent_kind::kind), field("orders", &sent_kind::orders),
                       field("answers", &sent_kind::answers), field("cancels", &sent_kind::cancels),
                       field("repeats", &sent_kind::repeats), field("repeats_same", &sent_kind::repeats_same));
  }
};

struct final_state {
  std::string status;
  std::int64_t orders = 0;
  std::map<std::string, std::int64_t> reasons;

  static constexpr auto describe() {
    return describe_as("final_state", 1, field("status", &final_state::status), field("orders", &final_state::orders),
                       field("reasons", &final_state::reasons));
  }
};

struct dead_letters {
  std::string queue;
  std::string reason;
  std::int64_t messages = 0;

  static constexpr auto describe() {
    return describe_as("dead_letters", 1, field("queue", &dead_letters::queue),
                       field("reason", &dead_letters::reason), field("messages", &dead_letters::messages));
  }
};

/// The job that kills its worker, the one behind it that must wait, and its neighbour that must not care.
struct price_jobs {
  std::string poison_sku;
  std::string poison_status;  ///< after it was mended
  std::string poison_change;  ///< "17.49 EUR -> 19.99 EUR"
  std::string behind_status;  ///< of the next job for the same item
  std::string behind_change;
  std::string healthy_sku;
  std::string healthy_status;
  std::string healthy_change;

  static constexpr auto describe() {
    return describe_as(
        "price_jobs", 1, field("poison_sku", &price_jobs::poison_sku),
        field("poison_status", &price_jobs::poison_status), field("poison_change", &price_jobs::poison_change),
        field("behind_status", &price_jobs::behind_status), field("behind_change", &price_jobs::behind_change),
        field("healthy_sku", &price_jobs::healthy_sku), field("healthy_status", &price_jobs::healthy_status),
        field("healthy_change", &price_jobs::healthy_change));
  }
};

/// Everything that the demo has to tell.
struct report {
  std::uint64_t seed = 0;
  std::int64_t orders = 0;
  std::int64_t accepted = 0;
  std::vector<sent_kind> sent;
  std::vector<final_state> states;
  double first_answer_ms = 0;  ///< the first order's answer, after the program's start
  latency http;                ///< POST /orders
  latency to_final;            ///< from the acceptance of an order to its final state
  double seconds = 0;          ///< from the first order to the last final state
  double orders_per_second = 0;
  std::int64_t messages = 0;  ///< handled, in commits that wrote something
  std::int64_t commits = 0;   ///< each is one fsync
  double messages_per_commit = 0;
  double commit_ms = 0;      ///< mean time of a commit
  std::int64_t resent = 0;   ///< requests that were sent again after 429, 503, 504 or a lost connection
  std::int64_t retries = 0;  ///< of messages, inside the shop
  std::vector<dead_letters> dead;
  price_jobs prices;
  hospital_visit hospital;
  std::vector<finding> promises;

  static constexpr auto describe() {
    return describe_as(
        "demo_report", 1, field("seed", &report::seed), field("orders", &report::orders),
        field("accepted", &report::accepted), field("sent", &report::sent), field("states", &report::states),
        field("first_answer_ms", &report::first_answer_ms), field("http", &report::http),
        field("to_final", &report::to_final), field("seconds", &report::seconds),
        field("orders_per_second", &report::orders_per_second), field("messages", &report::messages),
        field("commits", &report::commits), field("messages_per_commit", &report::messages_per_commit),
        field("commit_ms", &report::commit_ms), field("resent", &report::resent), field("retries", &report::retries),
        field("dead_letters", &report::dead), field("price_jobs", &report::prices),
        field("hospital", &report::hospital), field("promises", &report::promises));
  }
};

/// The parts that come from what was sent and from what became of it.
void add_load(report& into, const load_result& load);
void add_books(report& into, const books& all);
/// `before` was read when the shop was open and idle.
void add_metrics(report& into, const metrics_text& before, const metrics_text& after);

/// For a person; `colour` for a terminal that has it.
[[nodiscard]] std::string to_text(const report& from, bool colour);

}  // namespace musiccorp::demo

#include "demo/report.hpp"

#include <algorithm>
#include <cmath>

namespace musiccorp::demo {

using namespace messages;

namespace {

std::string answer_name(int status) { return status == 0 ? "none" : std::to_string(status); }

/// "unfulfillable: 32 pieces, ..." and its like are one reason; why a payment was declined is worth telling.
std::string short_reason(const std::string& reason) {
  if (reason.starts_with("payment declined")) return reason;
  return reason.substr(0, reason.find(':'));
}

double milliseconds_between(instant from, instant to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

latency latency_of(std::vector<double> milliseconds) {
  if (milliseconds.empty()) return {};
  std::ranges::sort(milliseconds);
  const auto at = [&](double share) {
    return milliseconds[static_cast<std::size_t>(share * static_cast<double>(milliseconds.size() - 1))];
  };
  return {at(0.5), at(0.99)};
}

void add_load(report& into, const load_result& load) {
  std::map<order_kind, sent_kind> kinds;
  std::vector<double> took;
  for (const auto& one : load.orders) {
    auto& row = kinds[one.kind];
    row.kind = describe::name_of(one.kind);
    ++row.orders;
    ++row.answers[answer_name(one.status)];
    if (one.cancel_status != 0) ++row.cancels[answer_name(one.cancel_status)];
    if (one.kind == order_kind::twice) ++row.repeats;
    if (one.same_answer) ++row.repeats_same;
    if (one.status != 0) took.push_back(static_cast<double>(one.took.count()) / 1000.0);
    if (one.status == 201) ++into.accepted;
  }
  into.orders = static_cast<std::int64_t>(load.orders.size());
  into.http = latency_of(std::move(took));
  into.resent = static_cast<std::int64_t>(load.repeats);
  for (auto& [kind, row] : kinds) into.sent.push_back(std::move(row));
}

void add_books(report& into, const books& all) {
  std::map<order_status, final_state> states;
  std::vector<double> to_final;
  instant first = instant::max();
  instant last = instant::min();
  for (const auto& [id, order] : all.orders) {
    auto& row = states[order.status];
    row.status = describe::name_of(order.status);
    ++row.orders;
    if (!order.reason.empty()) ++row.reasons[short_reason(order.reason)];
    if (order.history.empty()) continue;
    to_final.push_back(milliseconds_between(order.history.front().at, order.history.back().at));
    first = std::min(first, order.history.front().at);
    last = std::max(last, order.history.back().at);
  }
  for (auto& [status, row] : states) into.states.push_back(std::move(row));
  if (to_final.empty()) return;
  into.to_final = latency_of(std::move(to_final));
  into.seconds = milliseconds_between(first, last) / 1000.0;
  into.orders_per_second = into.seconds > 0 ? static_cast<double>(all.orders.size()) / into.seconds : 0;
}

void add_metrics(report& into, const metrics_text& before, const metrics_text& after) {
  const auto gained = [&](std::string_view name) { return after.sum(name) - before.sum(name); };
  const auto handled = gained("runtime_store_commit_batch_messages_sum");
  const auto commits = gained("runtime_store_commit_batch_messages_count");
  into.messages = std::llround(handled);
  into.commits = std::llround(commits);
  into.messages_per_commit = commits > 0 ? handled / commits : 0;
  into.commit_ms = commits > 0 ? 1000 * gained("runtime_store_commit_seconds_sum") / commits : 0;
  into.retries = std::llround(gained("runtime_retries_total"));
  for (const auto& [has, value] : after.of("runtime_dead_letters_total"))
    if (value > 0) into.dead.push_back({has.at("queue"), has.at("reason"), std::llround(value)});
}

}  // namespace musiccorp::demo

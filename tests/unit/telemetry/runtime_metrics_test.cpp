#include "telemetry/runtime_metrics.hpp"

#include <gmock/gmock.h>

#include "telemetry/node_metrics.hpp"

namespace musiccorp::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class RuntimeMetrics : public testing::Test {
 protected:
  base::manual_clock time;
  metrics_registry registry{time};

  /// `line` is a whole sample; a failure shows what its series has instead.
  void expect_line(const std::string& line) {
    const auto series = line.substr(0, line.rfind(' ') + 1);
    const auto all = "\n" + registry.render();
    const auto at = all.find("\n" + series);
    EXPECT_EQ(at == std::string::npos ? "nothing" : all.substr(at + 1, all.find('\n', at + 1) - at - 1), line);
  }
};

TEST_F(RuntimeMetrics, ACellStartsAllItsReasonsAtZero) {
  const cell_metrics cell{registry, "order"};
  for (const auto* reason : {"full", "closed", "expired"})
    expect_line("runtime_mailbox_rejected_total{reason=\"" + std::string{reason} + "\",service=\"order\"} 0");
  expect_line("runtime_mailbox_depth{service=\"order\"} 0");
}

TEST_F(RuntimeMetrics, ACellCountsByMessageAndOutcome) {
  cell_metrics cell{registry, "order"};
  cell.handled("order.placed", handled_outcome::ok);
  cell.handled("order.placed", handled_outcome::ok);
  cell.handled("order.placed", handled_outcome::retry);
  cell.handler_took("order.placed", 0.25);
  cell.handler_took("order.cancelled", 0.5);
  const std::string labels = "message=\"order.placed\",";
  expect_line("runtime_messages_handled_total{" + labels + "outcome=\"ok\",service=\"order\"} 2");
  expect_line("runtime_messages_handled_total{" + labels + "outcome=\"retry\",service=\"order\"} 1");
  expect_line("runtime_messages_handled_total{" + labels + "outcome=\"timeout\",service=\"order\"} 0");
  expect_line("runtime_handler_seconds_bucket{service=\"order\",le=\"0.25\"} 1");
  expect_line("runtime_handler_seconds_count{service=\"order\"} 2");
}

TEST_F(RuntimeMetrics, ACellTellsHowLongRequestsWaitedAndWhatCameTwice) {
  const cell_metrics cell{registry, "order"};
  cell.waited(0.02);
  cell.requests_pending(3);
  cell.duplicate(2);
  cell.out_of_order();
  cell.strayed(stray_reason::undecodable);
  cell.started(instant{1'770'000'000'500ms});
  expect_line("runtime_mailbox_wait_seconds_bucket{service=\"order\",le=\"0.005\"} 0");
  expect_line("runtime_mailbox_wait_seconds_bucket{service=\"order\",le=\"0.025\"} 1");
  expect_line("runtime_requests_pending{service=\"order\"} 3");
  expect_line("runtime_duplicates_suppressed_total{service=\"order\"} 2");
  expect_line("runtime_out_of_order_total{service=\"order\"} 1");
  expect_line("runtime_strays_total{reason=\"undecodable\",service=\"order\"} 1");
  expect_line("runtime_strays_total{reason=\"unexpected\",service=\"order\"} 0");
  expect_line("runtime_strays_total{reason=\"process_death\",service=\"order\"} 0");
  expect_line("runtime_actor_started_timestamp_seconds{service=\"order\"} 1770000000.5");
}

TEST_F(RuntimeMetrics, AWedgedHandlerShowsWhileItLastsAndCountsOnce) {
  const cell_metrics cell{registry, "order"};
  expect_line("runtime_wedged_total{service=\"order\"} 0");
  cell.wedged(true);
  expect_line("runtime_wedged{service=\"order\"} 1");
  cell.wedged(false);
  expect_line("runtime_wedged{service=\"order\"} 0");
  expect_line("runtime_wedged_total{service=\"order\"} 1");
}

TEST_F(RuntimeMetrics, ASupervisorCountsRestartsByChildAndCause) {
  supervisor_metrics supervisor{registry, "shop"};
  supervisor.declare("order");
  supervisor.restarted("order", restart_cause::crash);
  supervisor.restarted("order", restart_cause::crash);
  supervisor.escalated();
  supervisor.budget_remaining(3);
  const std::string child = "child=\"order\",supervisor=\"shop\"} ";
  expect_line("runtime_supervisor_restarts_total{cause=\"crash\"," + child + "2");
  expect_line("runtime_supervisor_restarts_total{cause=\"wedged\"," + child + "0");
  expect_line("runtime_supervisor_escalations_total{supervisor=\"shop\"} 1");
  expect_line("runtime_supervisor_budget_remaining{supervisor=\"shop\"} 3");
}

TEST_F(RuntimeMetrics, TheHospitalShowsWhoseDeadLettersItKeepsAndWhy) {
  hospital_metrics hospital{registry};
  hospital.declare("pricing");
  hospital.changed("pricing", "handler_crash", 1);
  hospital.changed("pricing", "handler_crash", 1);
  hospital.changed("pricing", "handler_crash", -1);
  hospital.changed("pricing", "a reason of a later version", 1);
  hospital.changed_state("replaying", 1);
  expect_line("runtime_dead_letters{reason=\"handler_crash\",service=\"pricing\"} 1");
  expect_line("runtime_dead_letters{reason=\"expired\",service=\"pricing\"} 0");
  expect_line("runtime_hospital_cases{state=\"replaying\"} 1");
  expect_line("runtime_hospital_cases{state=\"open\"} 0");
}

TEST_F(RuntimeMetrics, AMailboxShowsDepthLimitAndTheSpikeBetweenScrapes) {
  const cell_metrics cell{registry, "order"};
  cell.mailbox_limit(1000);
  cell.mailbox_depth(700);
  cell.mailbox_depth(4);
  const auto text = registry.render();
  EXPECT_THAT(text, HasSubstr("runtime_mailbox_depth{service=\"order\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("runtime_mailbox_high_water{service=\"order\"} 700\n"));
  EXPECT_THAT(text, HasSubstr("runtime_mailbox_limit{service=\"order\"} 1000\n"));
  time.advance(16s);
  expect_line("runtime_mailbox_high_water{service=\"order\"} 4");
}

TEST_F(RuntimeMetrics, AMailboxMayBeAskedInstead) {
  std::atomic<std::uint64_t> depth{12};
  {
    cell_metrics cell{registry, "order"};
    cell.watch_mailbox([&] { return depth.load(); });
    expect_line("runtime_mailbox_depth{service=\"order\"} 12");
    auto moved = std::move(cell);
    depth = 13;
    expect_line("runtime_mailbox_depth{service=\"order\"} 13");
  }
  depth = 14;
  expect_line("runtime_mailbox_depth{service=\"order\"} 13");
}

TEST_F(RuntimeMetrics, AQueueShowsWhatIsStoredAndSinceWhen) {
  const queue_metrics queue{registry, "order:payment"};
  queue.depth(queue_state::ready, 3, instant{1'770'000'000'500ms});
  expect_line("runtime_queue_messages{queue=\"order:payment\",state=\"ready\"} 3");
  expect_line("runtime_queue_oldest_timestamp_seconds{queue=\"order:payment\",state=\"ready\"} 1770000000.5");
  queue.depth(queue_state::ready, 0, std::nullopt);
  expect_line("runtime_queue_oldest_timestamp_seconds{queue=\"order:payment\",state=\"ready\"} 0");
  expect_line("runtime_queue_messages{queue=\"order:payment\",state=\"dead\"} 0");
}

TEST_F(RuntimeMetrics, AQueueCountsItsFlow) {
  const queue_metrics queue{registry, "order:payment"};
  queue.published(5);
  queue.settled(settlement::processed, 3);
  queue.settled(settlement::dead);
  queue.attempts(2);
  queue.retried(retry_reason::timeout);
  queue.died(death_reason::expired);
  queue.limit(1'000'000);
  expect_line("runtime_queue_published_total{queue=\"order:payment\"} 5");
  expect_line("runtime_queue_settled_total{outcome=\"processed\",queue=\"order:payment\"} 3");
  expect_line("runtime_queue_settled_total{outcome=\"discarded\",queue=\"order:payment\"} 0");
  expect_line("runtime_message_attempts_bucket{service=\"payment\",le=\"2\"} 1");
  expect_line("runtime_retries_total{queue=\"order:payment\",reason=\"timeout\"} 1");
  expect_line("runtime_dead_letters_total{queue=\"order:payment\",reason=\"expired\"} 1");
  expect_line("runtime_dead_letters_total{queue=\"order:payment\",reason=\"attempts\"} 0");
  expect_line("runtime_queue_limit{queue=\"order:payment\"} 1000000");
}

TEST_F(RuntimeMetrics, ALedgerThatDoesNotAddUpShowsByHowMuch) {
  const queue_metrics queue{registry, "order:payment"};
  queue.ledger(10, 6, 1, 1, 2, 0);
  expect_line("runtime_ledger_imbalance{queue=\"order:payment\"} 0");
  expect_line("runtime_ledger_messages{account=\"discarded\",queue=\"order:payment\"} 1");
  queue.ledger(10, 8, 1, 1, 2, -2);
  expect_line("runtime_ledger_imbalance{queue=\"order:payment\"} -2");
}

TEST_F(RuntimeMetrics, StoresOfOneNodeAddUp) {
  store_metrics one{registry};
  one.bytes(100);
  {
    store_metrics two{registry};
    two.bytes(50);
    one.bytes(80);
    expect_line("runtime_store_bytes 130");
  }
  expect_line("runtime_store_bytes 80");
  one.committed(64, 0.002);
  one.failed(store_trouble::corrupt);
  expect_line("runtime_store_commit_batch_messages_bucket{le=\"32\"} 0");
  expect_line("runtime_store_commit_batch_messages_bucket{le=\"64\"} 1");
  expect_line("runtime_store_commit_seconds_sum 0.002");
  expect_line("runtime_store_errors_total{kind=\"corrupt\"} 1");
  expect_line("runtime_store_errors_total{kind=\"io\"} 0");
}

TEST_F(RuntimeMetrics, HttpCountsByRouteMethodAndClassOfStatus) {
  http_metrics http{registry};
  http.observe("/orders/{id}", "GET", 404, 0.5);
  http.observe("/orders", "BREW", 418, 0.5);
  http.declare("/metrics", "GET");
  http.in_flight(1);
  expect_line("http_request_duration_seconds_count{code=\"4xx\",method=\"GET\",route=\"/orders/{id}\"} 1");
  expect_line("http_request_duration_seconds_count{code=\"4xx\",method=\"other\",route=\"/orders\"} 1");
  expect_line("http_request_duration_seconds_count{code=\"5xx\",method=\"GET\",route=\"/metrics\"} 0");
  expect_line("http_request_duration_seconds_count{code=\"2xx\",method=\"GET\",route=\"/metrics\"} 0");
  expect_line("http_requests_in_flight 1");
}

TEST_F(RuntimeMetrics, TheNodeTellsWhatItIsAndWhatItUses) {
  const node_metrics node{registry, {"1.2.3", "abc", "0.17.6"}};
  const auto text = registry.render();
  EXPECT_THAT(text, HasSubstr("runtime_node_info{caf_version=\"0.17.6\",commit=\"abc\",version=\"1.2.3\"} 1\n"));
  const auto value = [&](const std::string& name) {
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  EXPECT_GT(value("process_resident_memory_bytes"), 100'000);
  EXPECT_GE(value("process_open_fds"), 3);
  EXPECT_GE(value("process_cpu_seconds_total"), 0);
  const double now = std::chrono::duration<double>{base::system_clock{}.now().time_since_epoch()}.count();
  EXPECT_NEAR(value("process_start_time_seconds"), now, 600);
}

TEST_F(RuntimeMetrics, WithoutARegistryNothingIsCounted) {
  cell_metrics cell;
  cell.handled("order.placed", handled_outcome::ok);
  cell.mailbox_depth(1);
  cell.watch_mailbox([] { return std::uint64_t{1}; });
  queue_metrics{}.ledger(1, 1, 0, 0, 0, 0);
  store_metrics store;
  store.bytes(1);
  http_metrics{}.observe("/", "GET", 200, 1);
}

TEST(Reasons, EveryTroubleHasANameInTheCounters) {
  EXPECT_EQ(death_reason_of(fault_kind::timeout), death_reason::attempts);
  EXPECT_EQ(death_reason_of(fault_kind::forbidden), death_reason::rejected);
  EXPECT_EQ(name_of(death_reason_of(fault_kind::crash)), "handler_crash");
  EXPECT_EQ(name_of(death_reason_of(fault_kind::schema)), "schema");
  EXPECT_EQ(retry_reason_of(fault_kind::unavailable), retry_reason::link);
  EXPECT_EQ(retry_reason_of(fault_kind::crash), retry_reason::error);
}

}  // namespace
}  // namespace musiccorp::telemetry

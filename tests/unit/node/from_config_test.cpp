// Each value of a node file arrives where it is used.
#include "node/from_config.hpp"

#include <gtest/gtest.h>

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

TEST(FromConfig, TakesTheDoorAndTheThreads) {
  config::node_config file;
  file.node = "eu-1";
  file.http = {"::1", 81, 2, 2'001, 2'002, 3, 4, 1'005, 1'006, 1'007, 1'008};
  file.scheduler = {9, 10};
  file.durability = config::durability_choice::process;
  file.seed = 11;
  file.traces.begun_one_in = 12;
  file.traces.endpoint = "http://collector/v1/traces";
  file.traces.spans_queued_max = 160;
  const auto made = options_from(file, "1.2", "/data");
  EXPECT_EQ(made.name, "eu-1");
  EXPECT_EQ(made.version, "1.2");
  EXPECT_EQ(made.data, "/data");
  EXPECT_EQ(made.durability, storage::durability::process);
  EXPECT_EQ(made.http.host, "::1");
  EXPECT_EQ(made.http.port, 81);
  EXPECT_EQ(made.http.io_threads, 2U);
  EXPECT_EQ(made.http.body_limit, 2'001U);
  EXPECT_EQ(made.http.header_limit, 2'002U);
  EXPECT_EQ(made.http.connections_max, 3U);
  EXPECT_EQ(made.http.requests_in_flight_max, 4U);
  EXPECT_EQ(made.http.idle_timeout, 1'005ms);
  EXPECT_EQ(made.http.header_timeout, 1'006ms);
  EXPECT_EQ(made.http.body_timeout, 1'007ms);
  EXPECT_EQ(made.request_timeout, 1'008ms);
  EXPECT_GT(made.http.answer_timeout, 1'008ms) << "the gateway's own deadline answers first";
  EXPECT_EQ(made.threads, 9U);
  EXPECT_EQ(made.throughput, 10U);
  EXPECT_EQ(made.seed, 11U);
  EXPECT_EQ(made.traces.begun_one_in, 12U);
  EXPECT_EQ(made.traces.exported.endpoint, "http://collector/v1/traces");
  EXPECT_EQ(made.traces.exported.spans_queued_max, 160U);
}

TEST(FromConfig, TakesRetriesOrderStreamsAndBreakersAsDefaults) {
  config::node_config file;
  file.retry = {2, 3, 4, 5, 6, 7, 8};
  file.order = {config::order_choice::block, 8, 9};
  file.streams = {10, 2'011, 12, 2'013, 14, 15, 16, 17};
  file.breaker = {18, 19, 20, 121, 22, 23, 24, 25};
  const auto limits = options_from(file, "", "").defaults.limits;
  EXPECT_EQ(limits.retry.attempts_max, 2);
  EXPECT_EQ(limits.retry.delay_first, 3ms);
  EXPECT_EQ(limits.retry.delay_longest, 4ms);
  EXPECT_EQ(limits.retry.jitter_percent, 5);
  EXPECT_EQ(limits.retry.deadline, 6ms);
  EXPECT_EQ(limits.retry.process_deaths_max, 7);
  EXPECT_EQ(limits.retry.retry_after_longest, 8ms);
  EXPECT_EQ(limits.order, delivery::order_policy::block);
  EXPECT_EQ(limits.parked_per_key_max, 8U);
  EXPECT_EQ(limits.parked_max, 9U);
  EXPECT_EQ(limits.window_messages, 10U);
  EXPECT_EQ(limits.window_bytes, 2'011U);
  EXPECT_EQ(limits.batch_messages, 12U);
  EXPECT_EQ(limits.payload_bytes_max, 2'013U);
  EXPECT_EQ(limits.log_kept, 14s);
  EXPECT_EQ(limits.log_messages_max, 15U);
  EXPECT_EQ(limits.deferral_longest, 16ms);
  EXPECT_EQ(limits.answers_kept, 17s);
  EXPECT_EQ(limits.breaker.failures_in_row, 18U);
  EXPECT_EQ(limits.breaker.failures_percent, 19U);
  EXPECT_EQ(limits.breaker.calls_min, 20U);
  EXPECT_EQ(limits.breaker.window, 121ms);
  EXPECT_EQ(limits.breaker.open_first, 22ms);
  EXPECT_EQ(limits.breaker.open_longest, 23ms);
  EXPECT_EQ(limits.breaker.jitter_percent, 24);
  EXPECT_EQ(limits.breaker.probes_max, 25U);
}

TEST(FromConfig, TakesSupervision) {
  config::node_config file;
  file.supervision = {1, 2, 3, 4, 5, 6, 7, config::wedge_choice::end_process};
  const auto made = options_from(file, "", "").supervision;
  EXPECT_EQ(made.restarts_max, 1U);
  EXPECT_EQ(made.restarts_period, 2ms);
  EXPECT_EQ(made.differing_crashes, 3U);
  EXPECT_EQ(made.services_restarts_max, 4U);
  EXPECT_EQ(made.delay_first, 5ms);
  EXPECT_EQ(made.delay_longest, 6ms);
  EXPECT_EQ(made.handler_deadline, 7ms);
  EXPECT_TRUE(made.wedged_ends_process);
}

TEST(FromConfig, AServiceDiffersInWhatItSays) {
  config::node_config file;
  file.retry.attempts_max = 4;
  auto& one = file.services["order"];
  one.mailbox_limit = 31;
  one.mailbox_bytes_limit = 2'032;
  one.retry = config::retry_config{33, 34, 35, 36, 37, 38};
  one.order = config::order_config{config::order_choice::none, 39, 40};
  one.retry_by_type["payment.received"] = {41, 42, 43, 44, 45, 46};
  (void)file.services["fraud"];
  const auto made = options_from(file, "", "");
  const auto& order = made.services.at("order");
  EXPECT_EQ(order.mailbox_limit, 31U);
  EXPECT_EQ(order.mailbox_bytes_limit, 2'032U);
  EXPECT_EQ(order.limits.retry.attempts_max, 33);
  EXPECT_EQ(order.limits.order, delivery::order_policy::none);
  EXPECT_EQ(order.limits.parked_per_key_max, 39U);
  EXPECT_EQ(order.limits.parked_max, 40U);
  const auto& special = order.limits.retry_by_type.at("payment.received");
  EXPECT_EQ(special.attempts_max, 41);
  EXPECT_EQ(special.delay_first, 42ms);
  EXPECT_EQ(special.delay_longest, 43ms);
  EXPECT_EQ(special.jitter_percent, 44);
  EXPECT_EQ(special.deadline, 45ms);
  EXPECT_EQ(special.process_deaths_max, 46);
  EXPECT_EQ(made.services.at("fraud").limits.retry.attempts_max, 4);
  EXPECT_TRUE(made.services.at("fraud").limits.retry_by_type.empty());
}

TEST(FromConfig, OfAClusterFileANodeGetsItsShareAndItsPeers) {
  config::cluster_plan plan;
  plan.name = "trial";
  plan.links.beat_ms = 51;
  plan.links.down_after_ms = 352;
  plan.links.reconnect_first_ms = 53;
  plan.links.reconnect_longest_ms = 54;
  plan.links.outstanding_bytes_max = 55'000;
  plan.links.plain_beyond_loopback = true;
  plan.partitions = {{"order", 3}, {"catalog", 1}};
  plan.members = {{"a", {"127.0.0.1", 1}, {"127.0.0.1", 2}, {}}, {"b", {"127.0.0.2", 3}, {"127.0.0.1", 4}, {}}};
  plan.owners = {{"order/0", "a"}, {"order/1", "b"}, {"order/2", "b"}, {"catalog", "a"}};
  const auto made = cluster_from(plan, "b", "1.2", 1'000);
  EXPECT_EQ(made.links.cluster, "trial");
  EXPECT_EQ(made.links.self, "b");
  EXPECT_EQ(made.links.version, "1.2");
  EXPECT_EQ(made.links.host, "127.0.0.2");
  EXPECT_EQ(made.links.port, 3);
  ASSERT_EQ(made.links.peers.size(), 1U);
  EXPECT_EQ(made.links.peers[0].name, "a");
  EXPECT_EQ(made.links.peers[0].port, 1);
  EXPECT_EQ(made.links.beat, 51ms);
  EXPECT_EQ(made.links.down_after, 352ms);
  EXPECT_EQ(made.links.reconnect_first, 53ms);
  EXPECT_EQ(made.links.reconnect_longest, 54ms);
  EXPECT_EQ(made.links.outstanding_bytes_max, 55'000U);
  EXPECT_TRUE(made.links.plain_allowed_beyond_loopback);
  EXPECT_TRUE(made.hosts("order/1"));
  EXPECT_FALSE(made.hosts("order/0"));
  EXPECT_EQ(made.counts.of("order"), 3U);
  EXPECT_EQ(made.counts.of("catalog"), 1U);
}

}  // namespace
}  // namespace musiccorp::node

#include "node/span_exporter.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "node/node.hpp"
#include "support/eventually.hpp"
#include "support/span_collector.hpp"
#include "unit/node/toy_shop.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::json;
using testing::span_collector;

class SpanExporter : public ::testing::Test {
 protected:
  void export_to(const std::string& endpoint, std::size_t queued = 1'000) {
    exporter = std::make_unique<span_exporter>(export_options{.endpoint = endpoint,
                                                              .node = "east",
                                                              .version = "7",
                                                              .spans_queued_max = queued,
                                                              .batch_max = 2,
                                                              .timeout = 300ms,
                                                              .delay_first = 1ms,
                                                              .delay_longest = 5ms,
                                                              .tries_max = 5},
                                               store, clock, 1);
  }
  void record(std::uint64_t id, bool sampled = true) {
    telemetry::span one;
    one.trace = {1, 2};
    one.id = id;
    one.parent = 9;
    one.began = base::instant{1s};
    one.took_us = 5;
    one.service = store->name("order");
    one.type = store->name("order.placed");
    one.state = telemetry::span_state::failed;
    one.why = store->name("crash");
    one.sampled = sampled;
    store->record(one);
  }
  static std::vector<std::string> ids(const std::vector<json>& bodies) {
    std::vector<std::string> found;
    for (const auto& body : bodies)
      for (const auto& resource : body["resourceSpans"])
        for (const auto& scope : resource["scopeSpans"])
          for (const auto& one : scope["spans"]) found.push_back(one["spanId"]);
    return found;
  }
  static std::string id(std::uint64_t number) { return telemetry::span_text(number); }
  std::function<void()> tick = [this] { exporter->tick(); };

  std::shared_ptr<base::system_clock> clock = std::make_shared<base::system_clock>();
  std::shared_ptr<telemetry::span_store> store = std::make_shared<telemetry::span_store>();
  std::unique_ptr<span_exporter> exporter;
};

TEST_F(SpanExporter, SendsWhatACollectorWants) {
  span_collector there;
  export_to(there.endpoint());
  record(1);
  const auto body = there.bodies(1, tick).front();
  EXPECT_EQ(there.paths().front(), "/v1/traces");
  const auto& resource = body["resourceSpans"][0];
  EXPECT_EQ(resource["resource"]["attributes"][0],
            json::parse(R"({"key":"service.name","value":{"stringValue":"order"}})"));
  const auto& one = resource["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(one["traceId"], "00000000000000010000000000000002");
  EXPECT_EQ(one["spanId"], "0000000000000001");
  EXPECT_EQ(one["parentSpanId"], "0000000000000009");
  EXPECT_EQ(one["name"], "turn order.placed");
  EXPECT_EQ(one["startTimeUnixNano"], "1000000000");
  EXPECT_EQ(one["endTimeUnixNano"], "1000005000");
  EXPECT_EQ(one["status"]["code"], 2);
}

TEST_F(SpanExporter, SendsBatchAfterBatchAndLeavesOutWhatItsCallerDoesNotWant) {
  span_collector there;
  export_to(there.endpoint());
  for (const std::uint64_t number : {1U, 2U, 3U}) record(number);
  record(4, false);
  exporter->tick();  // Once: the second batch follows the first one's answer.
  EXPECT_EQ(ids(there.bodies(2, [] {})), (std::vector{id(1), id(2), id(3)}));
}

TEST_F(SpanExporter, TriesAgainWhatMayPass) {
  span_collector there{{503, 429, 0}};
  export_to(there.endpoint());
  record(1);
  EXPECT_EQ(ids(there.bodies(4, tick)), (std::vector{id(1), id(1), id(1), id(1)}));
}

TEST_F(SpanExporter, DropsABatchThatIsRefusedForGood) {
  span_collector there{{400}};
  export_to(there.endpoint());
  for (const std::uint64_t number : {1U, 2U, 3U}) record(number);
  EXPECT_EQ(ids(there.bodies(2, tick)), (std::vector{id(1), id(2), id(3)}));
  EXPECT_EQ(store->counted().refused, 2U);
}

TEST_F(SpanExporter, DropsABatchAfterItsLastTry) {
  span_collector there{{503, 503, 503, 503, 503}};
  export_to(there.endpoint());
  for (const std::uint64_t number : {1U, 2U, 3U}) record(number);
  EXPECT_EQ(ids(there.bodies(6, tick)),
            (std::vector{id(1), id(2), id(1), id(2), id(1), id(2), id(1), id(2), id(1), id(2), id(3)}));
  EXPECT_EQ(store->counted().refused, 2U);
}

TEST_F(SpanExporter, WaitsAsLongAsTheCollectorSays) {
  const auto time = std::make_shared<base::manual_clock>();
  span_collector there{{429}, "7"};
  span_exporter patient{{.endpoint = there.endpoint(), .delay_first = 1ms, .delay_longest = 5ms}, store, time, 1};
  record(1);
  EXPECT_FALSE(patient.flush(20s));
  time->advance(6s);
  EXPECT_FALSE(patient.flush(20s));
  EXPECT_EQ(there.paths().size(), 1U);
  time->advance(1s);
  EXPECT_TRUE(patient.flush(20s));
  EXPECT_EQ(there.paths().size(), 2U);
}

TEST_F(SpanExporter, ACollectorThatIsAwayCostsSpansAndNothingElse) {
  export_to("http://127.0.0.1:9/v1/traces", 32);
  exporter->tick();
  for (std::uint64_t number = 1; number <= 10; ++number) record(number);  // All in one part of sixteen.
  EXPECT_EQ(store->counted().not_exported, 8U);
  exporter->tick();
}

TEST_F(SpanExporter, FlushWaitsUntilAllHasArrivedAndNoLongerThanIsSaid) {
  span_collector there{{200, 200, 0}};
  export_to(there.endpoint());
  for (const std::uint64_t number : {1U, 2U, 3U}) record(number);
  EXPECT_TRUE(exporter->flush(20s));
  EXPECT_EQ(ids(there.bodies(2, [] {})).size(), 3U);
  record(4);
  EXPECT_FALSE(exporter->flush(10ms)) << "it says nothing";
}

/// The spans of a request, from a real node; the last of them arrive while it stops.
TEST(SpanExport, OfANodeHasTheWholeConversation) {
  toys::mischief trouble;
  storage::scratch_folder folder;
  span_collector there;
  node_options options;
  options.name = "east";
  options.data = folder.path();
  options.durability = storage::durability::process;
  options.traces.begun_one_in = 1;
  options.traces.exported.endpoint = there.endpoint();
  auto shop = node::start(std::move(options), toys::shop(trouble));
  ASSERT_TRUE(shop) << shop.error().text;
  http::client client;
  const auto sold = client.fetch({.method = "POST",
                                  .url = (*shop)->url() + "/sales",
                                  .headers = {{"content-type", "application/json"}},
                                  .body = R"({"id":"1","item":"disc"})"});
  ASSERT_TRUE(sold);
  ASSERT_EQ(sold->status, 201) << sold->body;
  EXPECT_TRUE(musiccorp::testing::eventually([&] {  // Else the node could stop before the book has heard of it.
    const auto sum = client.fetch({.url = (*shop)->url() + "/totals/all"});
    return sum && sum->body.find(R"("sales":1)") != std::string::npos;
  }));
  EXPECT_TRUE((*shop)->stop(5s));
  std::map<std::string, std::set<std::string>> names;  // By service.
  for (const auto& body : there.bodies(1, [] {}))
    for (const auto& resource : body["resourceSpans"])
      for (const auto& scope : resource["scopeSpans"])
        for (const auto& one : scope["spans"])
          names[resource["resource"]["attributes"][0]["value"]["stringValue"]].insert(one["name"]);
  EXPECT_TRUE(names["till"].contains("turn buy"));
  EXPECT_TRUE(names["till"].contains("commit buy"));
  EXPECT_TRUE(names["book"].contains("hop sold"));
  EXPECT_TRUE(names["book"].contains("turn sold"));
}

}  // namespace
}  // namespace musiccorp::node

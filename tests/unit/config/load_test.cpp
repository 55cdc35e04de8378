#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "describe/json.hpp"
#include "reading.hpp"

namespace musiccorp::config {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

/// A folder that is gone after the test.
class folder {
 public:
  folder() : path_{fs::temp_directory_path() / ("config-test-" + std::to_string(::getpid()))} {
    fs::create_directories(path_);
  }
  ~folder() { fs::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] fs::path file(const std::string& name, std::string_view text) const {
    std::ofstream{path_ / name, std::ios::binary} << text;
    return path_ / name;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(NodeFile, MayBeEmptyAndHasThenItsDefaults) {
  const auto loaded = read("{}");
  ASSERT_TRUE(loaded) << loaded.error().text;
  auto expected = node_config{};
  for (const auto& name : services) expected.services[name];
  EXPECT_EQ(describe::to_json(loaded->effective), describe::to_json(expected));
  EXPECT_TRUE(loaded->sources.empty());
}

TEST(NodeFile, HasTheDocumentedDefaults) {
  EXPECT_EQ(
      describe::to_json(node_config{}),
      R"({"$schema":"","node":"shop","data":"","http":{"host":"127.0.0.1","port":8080,"io_threads":1,)"
      R"("body_limit_bytes":1048576,"header_limit_bytes":16384,"connections_max":4096,)"
      R"("requests_in_flight_max":2048,"idle_timeout_ms":60000,"header_timeout_ms":10000,)"
      R"("body_timeout_ms":30000,"request_timeout_ms":5000,"operator_token_file":""},"scheduler":{"threads":0,"throughput":200},)"
      R"("log":{"level":"info","format":"auto","file":"","levels":{}},"durability":"fsync",)"
      R"("retry":{"attempts_max":5,"delay_first_ms":100,"delay_longest_ms":30000,"jitter_percent":100,)"
      R"("deadline_ms":86400000,"process_deaths_max":2,"retry_after_longest_ms":3600000},)"
      R"("order":{"policy":"park","parked_per_key_max":1000,"parked_max":100000},)"
      R"("streams":{"window_messages":1024,"window_bytes":1048576,"batch_messages":512,)"
      R"("payload_bytes_max":1048576,"log_kept_s":86400,"log_messages_max":1000000,)"
      R"("deferral_longest_ms":3600000,"answers_kept_s":86400},)"
      R"("supervision":{"restarts_max":5,"restarts_period_ms":10000,"differing_crashes":3,)"
      R"("services_restarts_max":20,"delay_first_ms":500,"delay_longest_ms":30000,)"
      R"("handler_deadline_ms":30000,"wedged":"wait"},)"
      R"("breaker":{"failures_in_row":10,"failures_percent":50,"calls_min":20,"window_ms":10000,)"
      R"("open_first_ms":500,"open_longest_ms":10000,"jitter_percent":20,"probes_max":1},)"
      R"("traces":{"begun_one_in":16,"endpoint":"","spans_queued_max":50000},"stop_longest_ms":5000,"imports":{},"services":{}})");
}

TEST(NodeFile, DefaultsPassTheirOwnChecks) {
  EXPECT_EQ(refusal_of(describe::to_json(node_config{})), "");
  node_config with_entries;
  with_entries.services["order"].retry.emplace();
  with_entries.services["order"].order.emplace();
  with_entries.services["order"].retry_by_type["payment.received"];
  with_entries.services["order"].settings.text = "{}";
  EXPECT_EQ(refusal_of(describe::to_json(with_entries)), "");
}

/// Every field has a sentence: the schema and `config explain` show it.
void expect_documented(const describe::shape& type) {
  for (const auto& field : type.fields) {
    EXPECT_FALSE(field.doc.empty()) << type.name << "." << field.name;
    EXPECT_TRUE(field.may_be_missing) << type.name << "." << field.name;
    const auto* inner = &field.of();
    const auto* member = inner;
    while (inner->element) inner = &inner->element();
    if (inner->what == describe::form::object) expect_documented(*inner);
    if (member->what == describe::form::integer) {
      EXPECT_NE(field.limits.minimum, describe::bounds{}.minimum) << type.name << "." << field.name;
      EXPECT_NE(field.limits.maximum, describe::bounds{}.maximum) << type.name << "." << field.name;
    }
  }
}

TEST(NodeFile, EveryFieldIsDocumentedOptionalAndEveryNumberBounded) {
  expect_documented(describe::shape_of<node_config>());
}

TEST(NodeFile, IsReadWhole) {
  constexpr auto text =
      R"({"$schema":"s","node":"eu-1","data":"/var/shop","http":{"host":"::1","port":0,"io_threads":2,)"
      R"("body_limit_bytes":2048,"header_limit_bytes":4096,"connections_max":7,"requests_in_flight_max":8,)"
      R"("idle_timeout_ms":1000,"header_timeout_ms":1001,"body_timeout_ms":1002,"request_timeout_ms":1003,)"
      R"("operator_token_file":"/etc/shop.token"},)"
      R"("scheduler":{"threads":3,"throughput":50},"log":{"level":"debug","format":"json","file":"/var/log/shop",)"
      R"("levels":{"http":"error"}},"durability":"process","retry":{"attempts_max":2,"delay_first_ms":5,)"
      R"("delay_longest_ms":6,"jitter_percent":50,"deadline_ms":1000,"process_deaths_max":3,"retry_after_longest_ms":4},)"
      R"("order":{"policy":"block","parked_per_key_max":11,"parked_max":12},)"
      R"("streams":{"window_messages":9,"window_bytes":2000,"batch_messages":4,)"
      R"("payload_bytes_max":1500,"log_kept_s":1,"log_messages_max":13,"deferral_longest_ms":14,"answers_kept_s":2},)"
      R"("supervision":{"restarts_max":31,"restarts_period_ms":32,"differing_crashes":33,"services_restarts_max":34,)"
      R"("delay_first_ms":35,"delay_longest_ms":36,"handler_deadline_ms":37,"wedged":"end_process"},)"
      R"("breaker":{"failures_in_row":41,"failures_percent":43,"calls_min":44,"window_ms":145,"open_first_ms":46,)"
      R"("open_longest_ms":47,"jitter_percent":48,"probes_max":49},)"
      R"("traces":{"begun_one_in":0,"endpoint":"http://c/v1/traces","spans_queued_max":160},)"
      R"("stop_longest_ms":150,"seed":42,"imports":{"catalog":"/c.json"},)"
      R"("services":{"inventory":{"mailbox_limit":1,"mailbox_bytes_limit":2000,)"
      R"("order":{"policy":"none","parked_per_key_max":21,"parked_max":22},"retry":{"attempts_max":3,)"
      R"("delay_first_ms":1,"delay_longest_ms":2,"jitter_percent":1,"deadline_ms":2,"process_deaths_max":1,"retry_after_longest_ms":2},)"
      R"("retry_by_type":{"a.b":{"attempts_max":4,"delay_first_ms":3,"delay_longest_ms":4,"jitter_percent":5,)"
      R"("deadline_ms":6,"process_deaths_max":7,"retry_after_longest_ms":8}},)"
      R"("settings":{"x":[1,2.5,"three"]}},"notification":{"mailbox_limit":2,"mailbox_bytes_limit":3000,)"
      R"("retry_by_type":{},"settings":{}},)"
      R"("order":{"mailbox_limit":3,"mailbox_bytes_limit":4000,"retry_by_type":{},"settings":{}}}})";
  const auto loaded = read(text);
  ASSERT_TRUE(loaded) << report(loaded.error(), "text");
  EXPECT_EQ(describe::to_json(loaded->effective), text);
}

TEST(NodeFile, HasAnEntryForEachKnownService) {
  const auto loaded = read(R"({"services":{"order":{"mailbox_limit":5}}})");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.services.size(), 3U);
  EXPECT_EQ(loaded->effective.services.at("order").mailbox_limit, 5);
  EXPECT_EQ(loaded->effective.services.at("inventory").mailbox_limit, 10'000);
}

TEST(NodeFile, RetryPoliciesTakeWhatTheyLeaveOutFromTheLevelAbove) {
  const auto loaded = read(R"({"retry":{"attempts_max":9},"services":{"order":{
      "retry":{"delay_first_ms":7}, "retry_by_type":{"payment.received":{"delay_longest_ms":700}}},
      "inventory":{"retry_by_type":{"stock.counted":{"delay_first_ms":1}}}}})");
  ASSERT_TRUE(loaded) << report(loaded.error(), "text");
  const auto& order = loaded->effective.services.at("order");
  EXPECT_EQ(
      describe::to_json(*order.retry),
      R"({"attempts_max":9,"delay_first_ms":7,"delay_longest_ms":30000,"jitter_percent":100,"deadline_ms":86400000,"process_deaths_max":2,"retry_after_longest_ms":3600000})");
  EXPECT_EQ(
      describe::to_json(order.retry_by_type.at("payment.received")),
      R"({"attempts_max":9,"delay_first_ms":7,"delay_longest_ms":700,"jitter_percent":100,"deadline_ms":86400000,"process_deaths_max":2,"retry_after_longest_ms":3600000})");
  EXPECT_EQ(
      describe::to_json(loaded->effective.services.at("inventory").retry_by_type.at("stock.counted")),
      R"({"attempts_max":9,"delay_first_ms":1,"delay_longest_ms":30000,"jitter_percent":100,"deadline_ms":86400000,"process_deaths_max":2,"retry_after_longest_ms":3600000})");
}

TEST(NodeFile, NullIsTheSameAsNothing) {
  constexpr auto text = R"({"retry":{"attempts_max":9},"services":{"order":{"retry":{"attempts_max":null}}}})";
  const auto loaded = read(text);
  ASSERT_TRUE(loaded) << report(loaded.error(), "text");
  EXPECT_EQ(loaded->effective.services.at("order").retry->attempts_max, 9);
  EXPECT_EQ(loaded->sources.at("/services/order/retry/attempts_max"), "inherited");

  const auto taken_back = read(text, {{"/retry/attempts_max", "null"}});
  ASSERT_TRUE(taken_back) << report(taken_back.error(), "text");
  EXPECT_EQ(taken_back->effective.retry.attempts_max, retry_config{}.attempts_max);
  EXPECT_FALSE(taken_back->sources.contains("/retry/attempts_max"));
}

TEST(NodeFile, PathsAreFromItsFolder) {
  const auto loaded = read(R"({"data":"../stores","log":{"file":"shop.log"},
                               "imports":{"catalog":"catalog.json","more":"/somewhere/else.json"}})");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.data, "shop/stores");
  EXPECT_EQ(loaded->effective.log.file, "shop/config/shop.log");
  EXPECT_THAT(loaded->effective.imports,
              ElementsAre(Pair("catalog", "shop/config/catalog.json"), Pair("more", "/somewhere/else.json")));
}

TEST(NodeFile, EmptyPathsStayEmpty) {
  const auto loaded = read(R"({"data":"","log":{"file":""}})");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.data, "");
  EXPECT_EQ(loaded->effective.log.file, "");
}

TEST(NodeFile, RemembersWhatItGave) {
  const auto loaded = read(R"({"node":"a","http":{"port":1},"services":{"order":{"settings":{"x":{"y":2}}}}})");
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->sources, UnorderedElementsAre(Pair("/node", "file"), Pair("/http/port", "file"),
                                                    Pair("/services/order/settings/x/y", "file")));
}

TEST(NodeFile, LoadsFromTheDisk) {
  const folder here;
  const auto loaded = load_node_config(here.file("node.json", R"({"node":"disk","data":"d"})"), services);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->effective.node, "disk");
  EXPECT_EQ(loaded->effective.data, (here.path() / "d").string());
}

TEST(NodeFile, ThatIsMissingIsToldWithItsLikelyName) {
  const folder here;
  const auto there = here.file("node.json", "{}");
  const auto typed = here.path() / "ndoe.json";
  const auto loaded = load_node_config(typed, services);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, fault_kind::not_found);
  EXPECT_EQ(report(loaded.error(), "ndoe.json"),
            "ndoe.json: wanted a node file, found no such file; did you mean " + there.string() + "?\n");
}

TEST(NodeFile, ThatIsALinkToItselfIsRefused) {
  const auto file = std::filesystem::path{::testing::TempDir()} / "musiccorp-loop.json";
  std::filesystem::remove(file);
  std::filesystem::create_symlink(file, file);
  const auto loaded = load_node_config(file, {});
  std::filesystem::remove(file);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, fault_kind::storage);
  EXPECT_EQ(report(loaded.error(), "node.json"), "node.json: wanted a node file, found a path that leads nowhere\n");
}

TEST(NodeFile, ThatIsAFolderIsRefused) {
  const folder here;
  const auto loaded = load_node_config(here.path(), services);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, fault_kind::storage);
  EXPECT_EQ(report(loaded.error(), "config"), "config: wanted a node file, found a folder\n");
}

TEST(NodeFile, AboveOneMebibyteIsRefusedUnread) {
  const folder here;
  const auto loaded = load_node_config(here.file("node.json", std::string((1 << 20) + 1, ' ')), services);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, fault_kind::too_large);
  EXPECT_EQ(report(loaded.error(), "node.json"), "node.json: wanted a node file, found more than 1 MiB\n");
}

}  // namespace
}  // namespace musiccorp::config

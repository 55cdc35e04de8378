#include "config/cluster_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/config/reading.hpp"

namespace musiccorp::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::vector<std::string> partitionable{"order"};

result<cluster_plan> read_cluster(std::string_view text) {
  return read_cluster_file(text, "shop/config", services, partitionable);
}
std::string cluster_refusal_of(std::string_view text) {
  const auto plan = read_cluster(text);
  return plan ? std::string{} : report(plan.error(), "c.json");
}

/// Two nodes; `more` are further members of the file.
std::string file_of(std::string_view first, std::string_view second, std::string_view more = {}) {
  return R"({"cluster":"shop","nodes":[{"name":"a","link":"127.0.0.1:7101","http":"127.0.0.1:8081","hosts":)" +
         std::string{first} + R"(},{"name":"b","link":"127.0.0.1:7102","http":"127.0.0.1:8082","hosts":)" +
         std::string{second} + "}]" + std::string{more} + "}";
}

TEST(ClusterFile, SaysWhoHostsWhat) {
  const auto plan = read_cluster(file_of(R"(["order","inventory"])", R"(["notification"])"));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_THAT(plan->owners, ElementsAre(Pair("inventory", "a"), Pair("notification", "b"), Pair("order", "a")));
  EXPECT_THAT(plan->find("a")->hosts, ElementsAre("inventory", "order"));
  EXPECT_EQ(plan->find("b")->link, (address{"127.0.0.1", 7102}));
  EXPECT_EQ(plan->find("c"), nullptr);
  EXPECT_FALSE(plan->tls_of("a"));
}

TEST(ClusterFile, SpreadsThePartitionsOfAService) {
  const auto plan = read_cluster(file_of(R"(["order/0","order/2"])", R"(["order/1","inventory","notification"])",
                                         R"(,"partitions":{"order":3})"));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_THAT(plan->owners, ElementsAre(Pair("inventory", "b"), Pair("notification", "b"), Pair("order/0", "a"),
                                        Pair("order/1", "b"), Pair("order/2", "a")));
  const auto whole =
      read_cluster(file_of(R"(["order"])", R"(["inventory","notification"])", R"(,"partitions":{"order":2})"));
  ASSERT_TRUE(whole);
  EXPECT_THAT(whole->find("a")->hosts, ElementsAre("order/0", "order/1"));
}

TEST(ClusterFile, FindsTheFilesOfEachNode) {
  const auto plan = read_cluster(file_of(
      R"(["order"])", R"(["inventory","notification"])",
      R"(,"settings":"../node.json","tls":{"authority":"certs/ca.pem","certificate":"certs/{node}.pem","key":"/keys/{node}/{node}.key"})"));
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_EQ(plan->settings, "shop/node.json");
  EXPECT_EQ(plan->tls_of("b")->authority, "shop/config/certs/ca.pem");
  EXPECT_EQ(plan->tls_of("b")->certificate, "shop/config/certs/b.pem");
  EXPECT_EQ(plan->tls_of("b")->key, "/keys/b/b.key");
  const auto problems = unreadable_files(*plan, "b");
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[2].pointer, "/tls/key");
}

TEST(ClusterFile, RefusesWhatIsNotHostedExactlyOnce) {
  EXPECT_EQ(cluster_refusal_of(file_of(R"(["order"])", R"(["notification"])")),
            "c.json: /nodes: wanted exactly one, found no node that hosts inventory\n");
  EXPECT_EQ(cluster_refusal_of(file_of(R"(["order","inventory"])", R"(["notification","order"])")),
            "c.json: /nodes/1/hosts/1: wanted something that no other node hosts; a hosts order, found \"order\"\n");
  EXPECT_EQ(cluster_refusal_of(file_of(R"(["ordr","inventory"])", R"(["notification","order"])")),
            "c.json: /nodes/0/hosts/0: wanted one of inventory, notification, order, found \"ordr\"; did you mean "
            "order?\n");
  EXPECT_THAT(cluster_refusal_of(file_of(R"(["order/0"])", R"(["order/3","inventory","notification"])",
                                         R"(,"partitions":{"order":2})")),
              HasSubstr("/nodes/1/hosts/0: wanted an index below 2, as /partitions says, found \"order/3\"\n"));
  EXPECT_THAT(cluster_refusal_of(
                  file_of(R"(["order","inventory"])", R"(["notification"])", R"(,"partitions":{"inventory":2})")),
              HasSubstr("/partitions/inventory: wanted 1: this service needs all of its data in one place; several "
                        "may have order, found 2\n"));
}

TEST(ClusterFile, RefusesNodesThatAreInEachOthersWay) {
  const auto two = [](std::string_view name, std::string_view link, std::string_view http) {
    return cluster_refusal_of(
        R"({"cluster":"shop","nodes":[{"name":"a","link":"127.0.0.1:7101","http":"127.0.0.1:8081","hosts":["order","inventory","notification"]},{"name":")" +
        std::string{name} + R"(","link":")" + std::string{link} + R"(","http":")" + std::string{http} +
        R"(","hosts":[]}]})");
  };
  EXPECT_THAT(two("b", "127.0.0.1:7102", "127.0.0.1:8082"), IsEmpty());
  EXPECT_EQ(two("a", "127.0.0.1:7102", "127.0.0.1:8082"),
            "c.json: /nodes/1/name: wanted another name for each node, found \"a\"\n");
  EXPECT_EQ(two("b", "127.0.0.1:8081", "127.0.0.1:8082"),
            "c.json: /nodes/1/link: wanted an address that is not that of /nodes/0/http, found \"127.0.0.1:8081\"\n");
  EXPECT_THAT(two("b", "127.0.0.1:7102", "0.0.0.0:8081"),
              HasSubstr("/nodes/1/http: wanted an address that is not that of /nodes/0/http, found \"0.0.0.0:8081\""))
      << "it listens there, too";
  EXPECT_THAT(two("b", "localhost:07101", "[::]:7101"),
              ::testing::AllOf(HasSubstr("/nodes/1/link: wanted an address that is not that of /nodes/0/link"),
                               HasSubstr("/nodes/1/http: wanted an address that is not that of /nodes/0/link")));
  EXPECT_THAT(two("b", "127.0.0.2:7101", "10.0.0.1:8081"), IsEmpty()) << "other addresses have ports of their own";
  EXPECT_THAT(two("b", "127.0.0.1:7102", "10.0.0.1:7101"), IsEmpty());
  EXPECT_THAT(two("b", "127.0.0.1:7102", "0.0.0.0:7102"), HasSubstr("/nodes/1/http")) << "of one node";
  EXPECT_THAT(two("b", "127.0.0.1", "127.0.0.1:8082"), HasSubstr("/nodes/1/link: wanted HOST:PORT"));
  EXPECT_THAT(two("b", "127.0.0.1:0", "127.0.0.1:8082"), HasSubstr("/nodes/1/link: wanted HOST:PORT"));
  EXPECT_THAT(two("../b", "127.0.0.1:7102", "127.0.0.1:8082"), HasSubstr("/nodes/1/name: wanted letters"));
}

TEST(ClusterFile, RefusesPlainLinksBeyondLoopbackUnlessTheyAreWanted) {
  const auto at = [](std::string_view link, std::string_view more) {
    return R"({"cluster":"shop","nodes":[{"name":"a","link":")" + std::string{link} +
           R"(","http":"127.0.0.1:8081","hosts":["order","inventory","notification"]}])" + std::string{more} + "}";
  };
  EXPECT_THAT(cluster_refusal_of(at("10.0.0.1:7101", "")), HasSubstr("wanted a loopback address"));
  EXPECT_THAT(cluster_refusal_of(at("[::1]:7101", "")), IsEmpty());
  EXPECT_THAT(cluster_refusal_of(at("10.0.0.1:7101", R"(,"links":{"plain_beyond_loopback":true})")), IsEmpty());
  EXPECT_THAT(cluster_refusal_of(at("10.0.0.1:7101", R"(,"tls":{"authority":"a","certificate":"b","key":"c"})")),
              IsEmpty());
}

TEST(ClusterFile, RefusesTimesThatContradictEachOther) {
  EXPECT_THAT(
      cluster_refusal_of(file_of(R"(["order"])", R"(["inventory","notification"])",
                                 R"(,"links":{"beat_ms":200,"down_after_ms":500,"reconnect_longest_ms":50})")),
      HasSubstr("/links/reconnect_first_ms: wanted at most reconnect_longest_ms, which is 50, found 100\n"));
  EXPECT_THAT(cluster_refusal_of(file_of(R"(["order"])", R"(["inventory","notification"])",
                                         R"(,"links":{"beat_ms":200,"down_after_ms":500})")),
              HasSubstr("/links/down_after_ms: wanted at least three beats, which is 600, found 500\n"));
}

TEST(ClusterFile, HelpsWithWhatIsNoClusterFile) {
  EXPECT_THAT(cluster_refusal_of(R"({"cluster":"shop","node":[]})"), HasSubstr("unknown key; did you mean nodes?"));
  EXPECT_THAT(cluster_refusal_of("{"), HasSubstr("at line 1"));
  const auto missing = load_cluster_file("no/such.json", services, partitionable);
  ASSERT_FALSE(missing);
  EXPECT_THAT(report(missing.error(), "no/such.json"), HasSubstr("wanted a cluster file, found no such file"));
}

}  // namespace
}  // namespace musiccorp::config

// One shop on three real nodes, whose processes are killed, frozen and missing while customers order.
#include "support/three_nodes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "messages/customer_messages.hpp"
#include "support/ledger.hpp"
#include "support/run_program.hpp"
#include "support/run_record.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using cluster::link_state;

constexpr auto patience = 60s;
constexpr std::size_t clients = 6;

/// The parameter: with certificates.
class ThreeNodes : public three_nodes<::testing::TestWithParam<bool>> {
 protected:
  ThreeNodes() : three_nodes{GetParam()} {}
};

TEST_P(ThreeNodes, AnyDoorAnswersEveryRoute) {
  nodes_.start_all();
  expect_whole();
  for (const auto& name : nodes_.names()) {
    const demo::shop_client door{connection_, nodes_.url(name)};
    for (const auto* route : {"/catalog", "/inventory", "/orders", "/payments", "/hospital/cases", "/notifications"})
      EXPECT_TRUE(door.get(route)) << name << " " << route;
    EXPECT_EQ(door.get("/orders/nobody").error().kind, fault_kind::not_found);
    const auto page = nodes_.page(connection_, name);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->partitions.size(), 12U);
    for (const auto& one : page->partitions)
      EXPECT_THAT(one.state, ::testing::AnyOf("running", "reachable")) << one.partition;
    for (const auto& one : page->partitions) EXPECT_EQ(one.epoch, 1U) << one.partition;
  }
  expect_ledger_zero(shop(), rest_longest_);
  for (const auto& name : nodes_.names()) EXPECT_EQ(nodes_.stop(name), (demo::process_end{0, 0})) << name;
}

TEST_P(ThreeNodes, KeepEveryPromiseWhileEachIsKilledAndFrozen) {
  nodes_.start_all();
  expect_whole();
  run_record record{folder_.path(), 11};
  SCOPED_TRACE("MUSICCORP_SEED=" + std::to_string(record.seed));
  base::random_source random{record.seed};
  stubborn_clients load{board_, plan(100'000, record.seed), clients, answers_within};
  for (const auto& name : nodes_.names()) {
    board_.put(nodes_.url(name == "north" ? "east" : "north"));
    let_work(load, 50 + random.below(200));
    record.add("kill", {{"node", name}, {"orders_begun", load.begun()}});
    nodes_.kill(name);
    nodes_.start(name);
    expect_whole();
    record.add("whole");
    let_work(load, 50 + random.below(200));
    record.add("freeze", {{"node", name}, {"orders_begun", load.begun()}});
    nodes_.freeze(name);
    for (const auto& other : nodes_.names())
      EXPECT_TRUE(other == name || wait_for([&] { return is_link(other, name, link_state::down); }))
          << other << " sees " << name;
    record.add("noticed");
    nodes_.resume(name);
    expect_whole();
    record.add("whole", {{"orders_begun", load.begun()}});
  }
  const auto answered = load.finish();
  record.judge(answered);
  record.judge(expect_all_promises(answered));
}

/// On the same data each time. Customers order from the first door that opens, whether or not the others are there.
TEST_P(ThreeNodes, StartInEveryOrderAndLoseNothing) {
  auto order = nodes_.names();
  std::ranges::sort(order);
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), clients};
  board_.put(nodes_.url(order.front()));
  let_work(load, 20);
  do {
    SCOPED_TRACE(order[0] + ", " + order[1] + ", " + order[2]);
    for (const auto& name : order) nodes_.kill(name);
    for (const auto& name : order) {
      nodes_.start(name);
      if (name == order.front()) board_.put(nodes_.url(name));
    }
    expect_whole();
    let_work(load, 20);
  } while (std::ranges::next_permutation(order).found);
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 100U);
  expect_all_promises(answered);
}

TEST_P(ThreeNodes, OrdersWaitForANodeThatIsMissingAndNoneIsLost) {
  nodes_.start("north");
  nodes_.start("south");
  const demo::shop_client door{connection_, nodes_.url("south")};
  ASSERT_TRUE(wait_for([&] { return is_link("south", "north", link_state::up); }));
  const auto customer = door.post<messages::customer_summary>("/customers", demo::customer_body(1), 201).value();
  const auto order = connection_.fetch(door.post_request(
      "/orders", R"({"customer_id":")" + customer.customer_id +
                     R"(","lines":[{"sku":"MC-0001","quantity":1}],"payment":{"card":"4242424242424242"}})"));
  ASSERT_TRUE(order);
  ASSERT_EQ(order->status, 201) << order->body;
  const auto id = describe::from_json<messages::order_summary>(order->body).value().order_id;
  const auto status = [&] {
    const auto now = door.read<messages::order_summary>("/orders/" + id);
    return now ? now->status : messages::order_status::pending;
  };
  EXPECT_TRUE(wait_for([&] { return status() == messages::order_status::placed; })) << "that needs nobody from east";
  EXPECT_EQ(connection_.fetch(door.get_request("/payments/" + id)).value().status, 503);
  nodes_.start("east");
  EXPECT_TRUE(wait_for([&] { return status() == messages::order_status::shipped; }));
  expect_ledger_zero(shop(), rest_longest_);
}

/// As an operator takes a node out for maintenance: by the command, while customers order.
TEST_P(ThreeNodes, ADrainedNodeIsSeenByAllLosesNothingAndServesAgainAfterItsNextStart) {
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), clients};
  board_.put(nodes_.url("north"));
  let_work(load, 100);
  const auto drained = run_program({"drain", "east", "--cluster", nodes_.file_name(), "--by", "the test"});
  EXPECT_EQ(drained.code, 0) << drained.err;
  EXPECT_THAT(drained.out, ::testing::HasSubstr("east is drained"));
  let_work(load, 50);  // Orders are taken; what east would do for them waits.

  for (const auto* other : {"north", "south"}) {
    EXPECT_TRUE(wait_for([&] {
      const auto link = nodes_.link(connection_, other, "east");
      return link && link->state == link_state::up && link->condition == "drained";
    })) << other;
    const auto page = nodes_.page(connection_, other);
    ASSERT_TRUE(page);
    for (const auto& one : page->partitions) {
      if (one.node != "east") continue;
      EXPECT_EQ(one.state, "drained") << other << " " << one.partition;
    }
    const auto status = run_program({"status", "--shop", nodes_.url(other)});
    EXPECT_THAT(status.out, ::testing::ContainsRegex("east +up for .*, drained\n"));
    EXPECT_THAT(status.out, ::testing::ContainsRegex(" ago: up, the peer is drained\n"));
    const auto told = nlohmann::json::parse(run_program({"status", "--json", "--shop", nodes_.url(other)}).out);
    EXPECT_FALSE(told.at("tree").empty());
    EXPECT_EQ(told.at("cluster").at("node"), other);
    EXPECT_EQ(told.at("cluster").at("links").size(), 2U);
    EXPECT_EQ(told.at("cluster").at("partitions").size(), 12U);
  }
  const demo::shop_client east{connection_, nodes_.url("east")};
  EXPECT_EQ(connection_.fetch(east.get_request("/readyz")).value().status, 503);
  EXPECT_EQ(connection_.fetch(east.get_request("/healthz")).value().status, 200);
  EXPECT_EQ(connection_.fetch(east.get_request("/payments")).value().status, 503);
  EXPECT_TRUE(east.get("/catalog")) << "its door leads to the others";
  const auto again = run_program({"drain", "east", "--cluster", nodes_.file_name()});
  EXPECT_EQ(again.code, 0) << "it may be said twice: " << again.err;

  EXPECT_EQ(nodes_.stop("east"), (demo::process_end{0, 0}));
  nodes_.start("east");
  expect_whole();
  EXPECT_TRUE(wait_for([&] { return nodes_.link(connection_, "north", "east")->condition == "serving"; }));
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 100U);
  expect_all_promises(answered);
}

TEST_P(ThreeNodes, ADrainSaysWhyItCannotBe) {
  nodes_.start("north");
  const auto strange = run_program({"drain", "west", "--cluster", nodes_.file_name()});
  EXPECT_EQ(strange.code, 78);
  EXPECT_THAT(strange.err, ::testing::HasSubstr("there is no node \"west\"; there are east, north, south"));
  const auto missing = run_program({"drain", "east", "--cluster", nodes_.file_name()});
  EXPECT_EQ(missing.code, 69);
  EXPECT_THAT(missing.err, ::testing::HasSubstr("does not answer"));
  const auto swapped = (folder_.path() / "swapped.json").string();
  auto file = nlohmann::json::parse(std::ifstream{nodes_.file_name()});
  std::swap(file["nodes"][0]["http"], file["nodes"][1]["http"]);  // East's address is north's.
  std::ofstream{swapped} << file;
  const auto wrong = run_program({"drain", "east", "--cluster", swapped});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, ::testing::HasSubstr("is node north"));
  EXPECT_EQ(nodes_.page(connection_, "north")->condition, node::node_condition::serving) << "it was not meant";
  EXPECT_EQ(
      connection_.fetch(demo::shop_client{connection_, nodes_.url("north")}.post_request("/cluster/drain", "{}"))
          .value()
          .status,
      400)
      << "nobody says so, and why";
}

constexpr int gave_up = 70, cannot_open = 74;

/// How many nodes this one has refused for a reason, by its metrics.
std::uint64_t refused_nodes(const std::string& url, const std::string& reason) {
  http::client connection;
  const auto page = demo::shop_client{connection, url}.get("/metrics").value_or("");
  const auto name = "runtime_cluster_refused_nodes_total{reason=\"" + reason + "\"} ";
  const auto at = page.find(name);
  return at == std::string::npos ? 0 : std::stoull(page.substr(at + name.size()));
}

TEST_P(ThreeNodes, ASecondNodeOfANameIsToldAndEnds) {
  nodes_.start_all();
  expect_whole();
  auto twin = nodes_.launch_twin("south", folder_.path() / "twin");
  const auto ended = twin.wait(patience);
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, (demo::process_end{gave_up, 0}));
  EXPECT_THAT(text_of(folder_.path() / "twin.log"), ::testing::HasSubstr("belongs to another process of node"));
  EXPECT_TRUE(is_link("north", "south", link_state::up)) << "the first one has noticed nothing";
  EXPECT_EQ(nodes_.link(connection_, "north", "south")->times_up, 1U);
  expect_ledger_zero(shop(), rest_longest_);
}

/// Frozen, replaced by another process on a copy of its data, and resumed: what it still does reaches nobody.
TEST_P(ThreeNodes, AZombieIsOustedAndStaysOut) {
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), clients};
  board_.put(nodes_.url("north"));
  let_work(load, 100);
  nodes_.freeze("south");
  for (const auto* other : {"north", "east"})
    ASSERT_TRUE(wait_for([&] { return is_link(other, "south", link_state::down); })) << other;
  // From here on, whatever the others take in the name of south, is its heir's or the zombie's.
  std::map<std::string, std::uint64_t> taken_before;
  for (const auto* other : {"north", "east"})
    taken_before[other] = nodes_.link(connection_, other, "south")->parcels_in;
  const auto copy = folder_.path() / "copy";
  std::filesystem::copy(nodes_.data("south"), copy, std::filesystem::copy_options::recursive);
  auto heir = nodes_.launch_twin("south", copy);
  const auto ready = heir.wait_for_line("ready ", patience);
  ASSERT_TRUE(ready) << text_of(folder_.path() / "copy.log");
  for (const auto* other : {"north", "east"})
    ASSERT_TRUE(wait_for([&] { return is_link(other, "south", link_state::up); })) << other;
  let_work(load, 100);
  nodes_.resume("south");
  const auto ended = nodes_.wait("south", patience);
  ASSERT_TRUE(ended) << nodes_.log_end("south");
  EXPECT_EQ(*ended, (demo::process_end{gave_up, 0}));
  EXPECT_THAT(nodes_.log_end("south"), ::testing::HasSubstr("is over"));
  nodes_.launch("south");
  EXPECT_EQ(nodes_.wait("south", patience), (demo::process_end{cannot_open, 0})) << "its data remembers it";
  EXPECT_THAT(nodes_.log_end("south"), ::testing::HasSubstr("is not the owner's any more"));
  for (const auto* other : {"north", "east"}) {
    const auto link = nodes_.link(connection_, other, "south");
    ASSERT_TRUE(link);
    EXPECT_EQ(link->state, link_state::up);
    EXPECT_EQ(link->partitions.at("shipping"), 2U) << "the heir's epoch";
  }
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 100U);
  expect_ledger_zero({connection_, nodes_.url("north"), {nodes_.url("east"), ready->substr(6)}}, rest_longest_);
  EXPECT_GT(refused_nodes(nodes_.url("north"), "replaced") + refused_nodes(nodes_.url("east"), "replaced"), 0U)
      << "the zombie has spoken to one of them at least";
  for (const auto* other : {"north", "east"}) {
    SCOPED_TRACE(other);
    // At rest, all that was taken is what the heir has sent: of the zombie, nothing.
    std::uint64_t taken = 0, sent = 0;
    EXPECT_TRUE(wait_for([&] {
      const auto link = nodes_.link(connection_, other, "south");
      const auto page = demo::shop_client{connection_, ready->substr(6)}.read<node::cluster_page>("/cluster");
      if (!link || !page) return false;
      taken = link->parcels_in - taken_before[other];
      sent = std::ranges::find(page->links, other, &cluster::link_view::node)->parcels_out;
      return taken == sent;
    })) << taken
        << " parcels taken, " << sent << " sent by the heir";
    EXPECT_GT(sent, 0U);
  }
  heir.send(SIGTERM);
  EXPECT_EQ(heir.wait(patience), (demo::process_end{0, 0})) << text_of(folder_.path() / "copy.log");
}

/// What was said to its door while it was frozen is answered by a process that was replaced meanwhile.
TEST_P(ThreeNodes, AZombieAcceptsNoOrder) {
  nodes_.start_all();
  expect_whole();
  const auto orders = plan(8);
  nodes_.freeze("north");
  for (const auto* other : {"east", "south"})
    ASSERT_TRUE(wait_for([&] { return is_link(other, "north", link_state::down); })) << other;
  std::mutex mutex;
  std::vector<int> answers;
  http::client late{{.timeout = 60s}};
  const demo::shop_client door{late, nodes_.url("north")};
  for (const auto& one : orders)
    ASSERT_TRUE(late.send(door.post_request("/orders", describe::to_json(one.command), one.idempotency),
                          [&](const auto& said) {
                            const std::lock_guard hold{mutex};
                            answers.push_back(said ? said->status : 0);
                          }));
  const auto copy = folder_.path() / "copy";
  std::filesystem::copy(nodes_.data("north"), copy, std::filesystem::copy_options::recursive);
  auto heir = nodes_.launch_twin("north", copy);
  ASSERT_TRUE(heir.wait_for_line("ready ", patience)) << text_of(folder_.path() / "copy.log");
  for (const auto* other : {"east", "south"})
    ASSERT_TRUE(wait_for([&] { return is_link(other, "north", link_state::up); })) << other;
  nodes_.resume("north");
  const auto ended = nodes_.wait("north", patience);
  ASSERT_TRUE(ended) << nodes_.log_end("north");
  EXPECT_EQ(*ended, (demo::process_end{gave_up, 0}));
  ASSERT_TRUE(wait_for([&] {
    const std::lock_guard hold{mutex};
    return answers.size() == orders.size();
  }));
  for (const auto status : answers) EXPECT_TRUE(status == 0 || status == 503) << status;
  heir.send(SIGTERM);
  EXPECT_EQ(heir.wait(patience), (demo::process_end{0, 0})) << text_of(folder_.path() / "copy.log");
}

INSTANTIATE_TEST_SUITE_P(Links, ThreeNodes, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Encrypted" : "Plain"; });

/// Another authority's certificate, and one of another node, are worth nothing.
class Certificates : public ThreeNodes {};

TEST_P(Certificates, OfSomebodyElseGetNothingAndHarmNobody) {
  nodes_.start("north");
  nodes_.start("south");
  ASSERT_TRUE(wait_for([&] { return is_link("south", "north", link_state::up); }));
  const auto certs = folder_.path() / "certs";
  const temporary_folder elsewhere;
  std::filesystem::copy_file(nodes_.file_name(), elsewhere.path() / "cluster.json");
  nodes_.certify((elsewhere.path() / "cluster.json").string());  // The same names, another authority.
  for (const auto* file : {"east.pem", "east.key"})
    std::filesystem::copy_file(elsewhere.path() / "certs" / file, certs / file,
                               std::filesystem::copy_options::overwrite_existing);
  nodes_.launch("east");
  const auto ended = nodes_.wait("east", patience);
  ASSERT_TRUE(ended) << "its own certificate is not of its own authority";
  EXPECT_NE(ended->code, 0);
  EXPECT_THAT(nodes_.log_end("east"), ::testing::HasSubstr("certs/east.pem"));

  std::filesystem::copy_file(elsewhere.path() / "certs" / "ca.pem", certs / "other.pem");
  auto file = nlohmann::json::parse(std::ifstream{nodes_.file_name()});
  file["tls"]["authority"] = "certs/other.pem";
  std::ofstream{nodes_.file_name()} << file;
  nodes_.start("east");
  const auto is_refused = [&](const std::string& by) {
    const auto link = nodes_.link(connection_, by, "east");
    return link && link->state != link_state::up;
  };
  ASSERT_TRUE(wait_for([&] {
    const auto link = nodes_.link(connection_, "east", "north");
    return link && !link->why.empty();
  }));
  EXPECT_TRUE(is_refused("north") && is_refused("south"));
  EXPECT_TRUE(is_link("south", "north", link_state::up)) << "the others have nothing to do with it";
  const auto page = nodes_.page(connection_, "east");
  ASSERT_TRUE(page);
  for (const auto& one : page->links) EXPECT_NE(one.state, link_state::up) << one.why;
}
INSTANTIATE_TEST_SUITE_P(Links, Certificates, ::testing::Values(true));

}  // namespace
}  // namespace musiccorp

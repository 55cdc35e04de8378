#include "cluster/links.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "support/temporary_folder.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "unit/cluster/little_cluster.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;

parcel order_parcel(const std::string& from, const std::string& to, std::uint64_t number, std::uint64_t epoch = 1) {
  message::envelope placed;
  placed.type = "order.placed";
  placed.seq = number;
  placed.payload = R"({"order_id":"o1"})";
  return {from, to, epoch, "batch", R"({"n":1})", {placed}};
}

std::string trouble_of(const result<void>& done) {
  return done ? "none" : std::string{base::name_of(done.error().kind)} + ": " + done.error().text;
}

TEST(Links, ComeUpBetweenThreeNodesAndCarryParcelsInOrder) {
  const little_cluster cluster{{"a", "b", "c"}};
  little_node a{cluster.options("a")}, b{cluster.options("b")}, c{cluster.options("c")};
  for (auto* one : {&c, &a, &b}) ASSERT_TRUE(one->all->start());
  for (auto& [node, other] : std::vector<std::pair<little_node*, std::string>>{
           {&a, "b"}, {&a, "c"}, {&b, "a"}, {&b, "c"}, {&c, "a"}, {&c, "b"}})
    ASSERT_TRUE(node->until_up(other)) << other;
  for (std::uint64_t i = 1; i <= many(1000); ++i) {
    ASSERT_TRUE(a.all->send(order_parcel("order-a", "order-b", i)));
    ASSERT_TRUE(c.all->send(order_parcel("order-c", "order-b", i)));
  }
  ASSERT_TRUE(b.until_parcels(many(2000)));
  std::map<std::string, std::uint64_t> last;
  for (const auto& [from, come] : b.parcels) {
    EXPECT_EQ(come.from, "order-" + from);
    EXPECT_EQ(come.messages.at(0).seq, ++last[from]);
  }
  EXPECT_EQ(b.parcels[0].second, order_parcel(b.parcels[0].second.from, "order-b", 1));
}

TEST(Links, CarryParcelsBetweenNodesThemselves) {
  const little_cluster cluster{{"a", "b"}};
  little_node a{cluster.options("a")}, b{cluster.options("b")};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(b.until_up("a"));
  ASSERT_TRUE(b.all->send({.from = node_address("b"), .to = node_address("a"), .kind = "hello"}));
  ASSERT_TRUE(a.until_parcels(1));
  EXPECT_EQ(a.parcels[0].second.to, "@a");
}

TEST(Links, AreFoundByTheHigherNameWhenTheLowerOneCannotCall) {
  const little_cluster cluster{{"a", "b"}};
  auto lost = cluster.options("a");
  lost.peers[0].port = free_port();  // Nobody is there.
  little_node a{std::move(lost)}, b{cluster.options("b")};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  EXPECT_TRUE(a.until_up("b"));
}

TEST(Links, TellEachOtherHowTheirNodesAre) {
  const little_cluster cluster{{"a", "b", "c"}};
  little_node a{cluster.options("a")}, b{cluster.options("b")}, c{cluster.options("c")};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(a.until_up("b"));
  EXPECT_TRUE(a.until([&] { return a.view_of("b").condition == "serving"; }));
  b.all->announce("draining");
  EXPECT_TRUE(a.until([&] { return a.view_of("b").condition == "draining"; }));
  const std::string long_word = "drained for the night, and whatever else somebody writes here";
  b.all->announce(long_word);
  EXPECT_TRUE(a.until([&] { return a.view_of("b").condition == long_word.substr(0, links::condition_max); }));
  const auto link = a.view_of("b");
  EXPECT_EQ(link.state, link_state::up) << "it is not the link that has changed";
  ASSERT_GE(link.history.size(), 2U);
  EXPECT_EQ(link.history[link.history.size() - 2].why, "the peer is draining");
  ASSERT_TRUE(c.all->start());  // It comes later.
  EXPECT_TRUE(c.until([&] { return c.view_of("b").condition.starts_with("drained"); }));
  EXPECT_EQ(c.view_of("a").condition, c.all->is_up("a") ? "serving" : "");
}

/// b's cluster file gives it a partition of a's, too.
link_options overlapping(const little_cluster& cluster) {
  auto wrong = cluster.options("b");
  wrong.owners["order-a"] = "b";
  wrong.owned["order-a"] = 1;
  return wrong;
}

const link_change* foreign(little_node& node) {
  for (const auto& one : node.changes)
    if (one.refusal == refusal_reason::foreign_partition) return &one;
  return nullptr;
}

TEST(Links, TellTheSecondOwnerOfAPartitionThatItIsTheSecond) {
  const little_cluster cluster{{"a", "b"}};
  auto late = overlapping(cluster);
  late.joins = true;
  little_node a{cluster.options("a")}, b{std::move(late)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(b.until([&] { return foreign(b) != nullptr; }));
  EXPECT_TRUE(foreign(b)->is_second) << foreign(b)->why;
  ASSERT_TRUE(a.until([&] { return foreign(a) != nullptr; }));
  EXPECT_FALSE(foreign(a)->is_second) << foreign(a)->why;
}

TEST(Links, TellBothOwnersOfAPartitionThatTheyAreTheSecondWhenNeitherServesYet) {
  const little_cluster cluster{{"a", "b"}};
  auto one = cluster.options("a"), other = overlapping(cluster);
  one.joins = other.joins = true;
  little_node a{std::move(one)}, b{std::move(other)};
  for (auto* node : {&a, &b}) ASSERT_TRUE(node->all->start());
  for (auto* node : {&a, &b}) ASSERT_TRUE(node->until([&] { return foreign(*node) && foreign(*node)->is_second; }));
}

/// As when both could not see each other while the second one came.
TEST(Links, TellTheYoungerOwnerOfAPartitionThatItIsTheSecondAlsoWhenBothServe) {
  const little_cluster cluster{{"a", "b"}};
  auto older = cluster.options("a");
  older.joins = true;
  little_node a{std::move(older)}, b{overlapping(cluster)};
  ASSERT_TRUE(a.all->start());
  a.all->serves();
  const auto old = std::chrono::steady_clock::now() + 20ms;
  ASSERT_TRUE(a.until([&] { return std::chrono::steady_clock::now() > old; }));
  ASSERT_TRUE(b.all->start());
  for (auto* one : {&a, &b}) ASSERT_TRUE(one->until([&] { return foreign(*one) != nullptr; }));
  EXPECT_FALSE(foreign(a)->is_second) << foreign(a)->why;
  EXPECT_TRUE(foreign(b)->is_second) << foreign(b)->why;
}

TEST(Links, SayThatTheirNodeJoinsUntilItServes) {
  const little_cluster cluster{{"a", "b"}};
  auto late = cluster.options("b");
  late.joins = true;
  little_node a{cluster.options("a")}, b{std::move(late)};
  ASSERT_TRUE(b.all->start());
  EXPECT_TRUE(b.until([&] { return b.all->is_absent("a"); })) << "nobody listens there yet";
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(a.until([&] { return a.view_of("b").condition == "joining"; }));
  EXPECT_TRUE(b.until_up("a"));
  b.all->serves();
  EXPECT_TRUE(a.until([&] { return a.view_of("b").condition == "serving"; }));
}

/// Somebody who takes calls and says nothing, as the kernel does for a frozen process.
class silent_listener {
 public:
  silent_listener() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen");
    port = ntohs(address.sin_port);
  }
  ~silent_listener() { ::close(socket_); }
  silent_listener(const silent_listener&) = delete;
  silent_listener& operator=(const silent_listener&) = delete;

  [[nodiscard]] bool is_called() const {
    pollfd one{socket_, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(std::chrono::milliseconds{deadline}.count())) > 0;
  }
  std::uint16_t port = 0;

 private:
  int socket_;
};

/// One call lasts for longer than the test, and so does a wait after a failure: neither may keep an heir out.
TEST(Links, TakeTheHeirOfAFrozenPeerThatTheyCall) {
  const little_cluster cluster{{"a", "b"}};
  const silent_listener frozen;
  auto lower = cluster.options("a"), heir = cluster.options("b");
  lower.peers[0].port = frozen.port;
  lower.handshake_within = 10min;
  lower.down_after = 3s;  // So the heir comes too early at first.
  heir.reconnect_first = heir.reconnect_longest = 1h;
  little_node a{std::move(lower)}, b{std::move(heir)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(frozen.is_called());
  ASSERT_TRUE(b.all->start());
  EXPECT_TRUE(b.until_up("a"));
  EXPECT_TRUE(a.until_up("b"));
  EXPECT_EQ(a.view_of("b").incarnation, b.all->incarnation());
}

TEST(Links, ComeBackAfterEachRestartOfAPeer) {
  const little_cluster cluster{{"a", "b"}};
  little_node a{cluster.options("a")};
  ASSERT_TRUE(a.all->start());
  for (std::uint64_t epoch = 1; epoch <= 5; ++epoch) {
    little_node b{cluster.options("b", epoch)};
    ASSERT_TRUE(b.all->start());
    ASSERT_TRUE(a.until([&] { return a.view_of("b").times_up == epoch; })) << epoch;
    ASSERT_TRUE(a.until_up("b"));
    EXPECT_EQ(a.view_of("b").partitions.at("order-b"), epoch);
    ASSERT_TRUE(b.until_up("a"));
    ASSERT_TRUE(a.all->send(order_parcel("order-a", "order-b", epoch)));
    ASSERT_TRUE(b.until_parcels(1));
    if (epoch % 2 == 0) b.all->stop(0s);
  }
}

TEST(Links, GiveThePeerEverythingBeforeTheySayGoodbye) {
  const little_cluster cluster{{"a", "b"}};
  little_node a{cluster.options("a")}, b{cluster.options("b")};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(a.until_up("b"));
  for (std::uint64_t i = 1; i <= many(5000); ++i) ASSERT_TRUE(a.all->send(order_parcel("order-a", "order-b", i)));
  EXPECT_TRUE(a.all->stop(20s));
  EXPECT_EQ(b.parcels.size(), many(5000));
  EXPECT_TRUE(b.until_state("a", link_state::left));
  EXPECT_THAT(trouble_of(a.all->send(order_parcel("order-a", "order-b", 1))), HasSubstr("unavailable"));
  EXPECT_FALSE(b.all->is_up("a"));
}

TEST(Links, SayWhyAParcelCannotBeSent) {
  const little_cluster cluster{{"a", "b"}};
  auto options = cluster.options("a");
  options.parcel_bytes_max = 1000;
  little_node a{std::move(options)}, b{cluster.options("b")};
  ASSERT_TRUE(a.all->start());
  const auto send = [&](const std::string& from, const std::string& to, std::uint64_t epoch = 1) {
    return trouble_of(a.all->send({.from = from, .to = to, .epoch = epoch, .kind = "batch"}));
  };
  EXPECT_THAT(send("order-a", "order-b"), HasSubstr("unavailable: there is no link with node \"b\""));
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(a.until_up("b"));
  EXPECT_EQ(send("order-a", "order-b"), "none");
  EXPECT_THAT(send("order-a", "order-x"), HasSubstr("not_found: nobody owns \"order-x\""));
  EXPECT_THAT(send("order-a", "@x"), HasSubstr("not_found"));
  EXPECT_THAT(send("order-a", "order-a"), HasSubstr("invalid"));
  EXPECT_THAT(send("order-b", "order-b"), HasSubstr("invalid: \"order-b\" is not on this node under epoch 1"));
  EXPECT_THAT(send("order-a", "order-b", 2), HasSubstr("invalid"));
  EXPECT_THAT(trouble_of(a.all->send(
                  {.from = "order-a", .to = "order-b", .epoch = 1, .kind = "batch", .head = std::string(900, 'x')})),
              HasSubstr("too_large"));
}

TEST(Links, BoundWhatAPeerHasNotTaken) {
  const little_cluster cluster{{"a", "b"}};
  auto options = cluster.options("a");
  options.outstanding_bytes_max = many(500'000);
  options.down_after = 10s;
  little_node a{std::move(options)};
  auto slow = cluster.options("b");
  slow.down_after = 10s;
  little_node b{std::move(slow)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(a.until_up("b"));
  std::uint64_t sent = 0;
  {
    const std::lock_guard hold{b.mutex};  // b takes nothing now: its reading thread waits for this lock.
    std::string trouble = "none";
    while (trouble == "none" && sent < 100'000) {
      trouble = trouble_of(a.all->send(order_parcel("order-a", "order-b", sent + 1)));
      if (trouble == "none") ++sent;
    }
    EXPECT_THAT(trouble, HasSubstr("overloaded: node \"b\" has not acknowledged"));
    EXPECT_LE(a.view_of("b").outstanding_bytes, many(500'000));
  }
  EXPECT_TRUE(b.until_parcels(sent));
  EXPECT_TRUE(a.until([&] { return a.view_of("b").outstanding_bytes == 0; }));
  EXPECT_TRUE(a.all->send(order_parcel("order-a", "order-b", 1)));
}

TEST(Links, ShowStateHistoryAndRoundTrips) {
  const little_cluster cluster{{"a", "b"}};
  base::system_clock time;
  telemetry::metrics_registry registry{time};
  auto options = cluster.options("a");
  options.metrics = &registry;
  little_node a{std::move(options)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(a.until_state("b", link_state::down)) << "nobody is there yet";
  {
    little_node b{cluster.options("b")};
    ASSERT_TRUE(b.all->start());
    ASSERT_TRUE(a.until([&] { return a.view_of("b").rtt_p50_ms > 0; }));
    const auto seen = a.view_of("b");
    EXPECT_EQ(seen.state, link_state::up);
    EXPECT_EQ(seen.version, "1.2.3");
    EXPECT_EQ(seen.protocol, 1U);
    EXPECT_EQ(seen.incarnation, b.all->incarnation());
    EXPECT_THAT(registry.render(), HasSubstr("runtime_cluster_link_up{peer=\"b\"} 1\n"));
  }
  ASSERT_TRUE(a.until_state("b", link_state::left));
  const auto seen = a.view_of("b");
  ASSERT_EQ(seen.history.size(), 3U);
  EXPECT_THAT(seen.history[0].why, HasSubstr("refused")) << "the connection was";
  EXPECT_THAT(describe::to_json(seen), HasSubstr("\"state\":\"left\""));
  EXPECT_THAT(registry.render(), HasSubstr("runtime_cluster_link_up{peer=\"b\"} 0\n"));
}

TEST(Links, RefuseASecondNodeOfANameAndTellIt) {
  const little_cluster cluster{{"a", "b"}};
  little_node a{cluster.options("a")}, first{cluster.options("b")};
  auto options = cluster.options("b", 2);
  options.port = 0;
  little_node second{std::move(options)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(first.all->start());
  ASSERT_TRUE(a.until_up("b"));
  const telemetry::captured_logs logs;
  ASSERT_TRUE(second.all->start());
  ASSERT_TRUE(second.until_state("a", link_state::refused));
  const auto told = second.changes.back();
  EXPECT_EQ(told.refusal, refusal_reason::name_taken);
  EXPECT_TRUE(told.refused_by_peer);
  EXPECT_TRUE(a.all->is_up("b"));
  EXPECT_EQ(a.view_of("b").times_up, 1U);
  const auto is_told = [&](std::string_view event) {  // Each node tells it on a thread of its own.
    return second.until([&] {
      for (const auto& one : logs.lines())
        if (one.find(event) != std::string::npos) return true;
      return false;
    });
  };
  EXPECT_TRUE(is_told("\"node-refused\""));
  EXPECT_TRUE(is_told("\"refused-by-node\""));
}

/// Whoever reads either log knows what to do.
TEST(Links, RefuseAnIncompatibleProtocolWithAClearLineOnBothSides) {
  const little_cluster cluster{{"a", "b"}};
  auto newer = cluster.options("b");
  newer.protocol_min = newer.protocol_max = 2;
  const telemetry::captured_logs logs;
  little_node a{cluster.options("a")}, b{std::move(newer)};
  for (auto* one : {&a, &b}) ASSERT_TRUE(one->all->start());
  for (auto* one : {&a, &b}) {
    const auto& other = one == &a ? "b" : "a";
    ASSERT_TRUE(one->until_state(other, link_state::refused)) << other;
    EXPECT_EQ(one->changes.back().refusal, refusal_reason::protocol);
  }
  const std::string sentence = R"(node \"b\" speaks protocol 2, node \"a\" speaks 1)";
  const std::string other_way = R"(node \"a\" speaks protocol 1, node \"b\" speaks 2)";
  const auto is_told = [&](std::string_view event) {
    return a.until([&] {
      for (const auto& one : logs.lines())
        if (one.find(event) != std::string::npos &&
            (one.find(sentence) != std::string::npos || one.find(other_way) != std::string::npos))
          return true;
      return false;
    });
  };
  EXPECT_TRUE(is_told("\"node-refused\"")) << "the one that judged first";
  EXPECT_TRUE(is_told("\"refused-by-node\"")) << "and the one that was told";
  EXPECT_FALSE(a.all->is_up("b"));
  EXPECT_FALSE(b.all->is_up("a"));
  EXPECT_EQ(a.view_of("b").times_up + b.view_of("a").times_up, 0U);
}

TEST(Links, RefuseAnOwnerWhoseEpochIsOverAlsoAfterARestart) {
  const little_cluster cluster{{"a", "b"}};
  const musiccorp::testing::temporary_folder folder;
  const auto with_state = [&] {
    auto options =
        cluster.options("a", 1 + static_cast<std::uint64_t>(std::filesystem::exists(folder.path() / "epochs")));
    options.state = folder.path() / "epochs";
    return options;
  };
  {
    little_node a{with_state()}, b{cluster.options("b", 7)};
    ASSERT_TRUE(a.all->start());
    ASSERT_TRUE(b.all->start());
    ASSERT_TRUE(a.until_up("b"));
  }
  little_node a{with_state()}, b{cluster.options("b", 6)};
  ASSERT_TRUE(a.all->start());
  ASSERT_TRUE(b.all->start());
  ASSERT_TRUE(b.until_state("a", link_state::refused));
  EXPECT_EQ(b.changes.back().refusal, refusal_reason::replaced);
  EXPECT_THAT(b.changes.back().why, HasSubstr("epoch 6 of partition \"order-b\" is over: epoch 7"));
  ASSERT_TRUE(a.until_state("b", link_state::refused));
}

/// A second process on a copy of some data, which is not admitted in the end, must not make the true owner's stale.
TEST(Links, RememberAnEpochOnlyOnceItsOwnerServes) {
  const little_cluster cluster{{"a", "b"}};
  little_node a{cluster.options("a")};
  ASSERT_TRUE(a.all->start());
  const auto joining = [&](std::uint64_t epoch) {
    auto options = cluster.options("b", epoch);
    options.joins = true;
    return options;
  };
  {
    little_node asks{joining(7)};
    ASSERT_TRUE(asks.all->start());
    ASSERT_TRUE(a.until_up("b") && asks.until_up("a"));
  }
  {
    little_node owner{cluster.options("b", 6)};
    ASSERT_TRUE(owner.all->start());
    ASSERT_TRUE(owner.until_up("a")) << describe::to_json(owner.view_of("a"));
  }
  {
    little_node heir{joining(9)};
    ASSERT_TRUE(heir.all->start());
    ASSERT_TRUE(a.until_up("b") && heir.until_up("a"));
    heir.all->serves();
    ASSERT_TRUE(a.until([&] { return a.view_of("b").condition == "serving"; }));
  }
  little_node late{cluster.options("b", 8)};
  ASSERT_TRUE(late.all->start());
  ASSERT_TRUE(late.until_state("a", link_state::refused));
  EXPECT_EQ(late.changes.back().refusal, refusal_reason::replaced);
}

TEST(Links, DoNotStartUnderAnEpochThatWasUsed) {
  const little_cluster cluster{{"a", "b"}};
  const musiccorp::testing::temporary_folder folder;
  auto options = cluster.options("a", 3);
  options.state = folder.path() / "epochs";
  {
    little_node a{options};
    ASSERT_TRUE(a.all->start());
  }
  little_node again{options};
  EXPECT_THAT(trouble_of(again.all->start()), HasSubstr("conflict: this node starts with epoch 3"));
}

TEST(Links, DoNotStartWithWhatCannotBe) {
  const little_cluster cluster{{"a", "b"}};
  const auto trouble_with = [&](const std::function<void(link_options&)>& change) {
    auto options = cluster.options("a");
    change(options);
    little_node a{std::move(options)};
    return trouble_of(a.all->start());
  };
  EXPECT_THAT(trouble_with([](auto& o) { o.self = ""; }), HasSubstr("invalid"));
  EXPECT_THAT(trouble_with([](auto& o) { o.peers[0].name = "a"; }), HasSubstr("invalid"));
  EXPECT_THAT(trouble_with([](auto& o) { o.peers[0].port = 0; }), HasSubstr("invalid"));
  EXPECT_THAT(trouble_with([](auto& o) { o.owned["order-b"] = 1; }), HasSubstr("gives to b"));
  EXPECT_THAT(trouble_with([](auto& o) { o.peers[0].host = "10.0.0.1"; }),
              HasSubstr("forbidden: without TLS only loopback addresses are allowed, found 10.0.0.1"));
  EXPECT_THAT(trouble_with([](auto& o) { o.host = "0.0.0.0"; }), HasSubstr("forbidden"));
  EXPECT_THAT(trouble_with([](auto& o) {
                o.tls = tls_files{"/no/ca.pem", "/no/a.pem", "/no/a.key"};
              }),
              HasSubstr("invalid: /no/ca.pem: wanted"));
  little_node other{cluster.options("b")};
  ASSERT_TRUE(other.all->start());
  EXPECT_THAT(trouble_with([&](auto& o) { o.port = other.all->port(); }), HasSubstr("unavailable: cannot listen"));
}

TEST(Links, WarnAtEachStartWithoutTlsBeyondLoopback) {
  const little_cluster cluster{{"a", "b"}};
  const telemetry::captured_logs logs{
      nullptr, {.format = telemetry::log_format::json, .level = telemetry::log_level::error, .lines_max = 0}};
  auto options = cluster.options("a");
  options.plain_allowed_beyond_loopback = true;
  options.peers[0].host = "192.0.2.1";  // TEST-NET-1: nobody is there.
  little_node a{std::move(options)};
  ASSERT_TRUE(a.all->start());
  std::string all;
  for (const auto& one : logs.lines()) all += one + "\n";
  EXPECT_THAT(all, HasSubstr("\"links-without-tls\""));
}

TEST(Links, StopAtOnceWhileTheyCallAnAddressThatSwallowsEverything) {
  const little_cluster cluster{{"a", "b"}};
  auto options = cluster.options("a");
  options.plain_allowed_beyond_loopback = true;
  options.handshake_within = 60s;
  options.peers[0].host = "192.0.2.1";
  little_node a{std::move(options)};
  ASSERT_TRUE(a.all->start());
  const auto began = std::chrono::steady_clock::now();
  a.all.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
}

}  // namespace
}  // namespace musiccorp::cluster

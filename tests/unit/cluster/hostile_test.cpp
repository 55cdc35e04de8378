// Those who have no business here, and peers that do not keep to the rules.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <caf/all.hpp>

#include "cluster/wire.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "unit/cluster/impostor.hpp"
#include "unit/http/raw_connection.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;

class HostilePeer : public ::testing::Test {
 protected:
  little_cluster cluster{{"a", "b"}};
  little_node b{options()};
  impostor a;

  link_options options() {
    auto made = cluster.options("b");
    made.handshake_within = 700ms;
    made.parcel_bytes_max = 10'000;
    made.parcel_messages_max = 3;
    return made;
  }
  hello honest() const {
    return {.cluster = "test",
            .node = "a",
            .to = "b",
            .protocol_min = 1,
            .protocol_max = 1,
            .version = "1",
            .incarnation = "impostor",
            .caf_node = a.caf_node(),
            .partitions = {{"order-a", 7}}};
  }
  void SetUp() override { ASSERT_TRUE(b.all->start()); }
  /// Up to a link that stands.
  void get_in() {
    ASSERT_TRUE(a.call(b.all->port(), honest()).accepted) << a.trouble;
    ASSERT_TRUE(a.gets_in()) << describe::to_json(b.view_of("a"));
    a.say(word{.say = word_kind::arrived});
    ASSERT_TRUE(b.until_up("a"));
  }
  void expect_refused(const std::string& reason, std::uint64_t count = 1) {
    EXPECT_TRUE(b.until([&] { return b.view_of("a").refused_parcels[reason] >= count; }))
        << reason << "; " << describe::to_json(b.view_of("a"));
    EXPECT_TRUE(b.parcels.empty());
    EXPECT_TRUE(b.all->is_up("a"));
  }
};

TEST_F(HostilePeer, IsHeardOnceItHasArrived) {
  get_in();
  EXPECT_TRUE(a.hears(word_kind::arrived));
  EXPECT_TRUE(a.hears(word_kind::beat));
  a.say(parcel_head{.from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"});
  EXPECT_TRUE(b.until_parcels(1));
}

TEST_F(HostilePeer, IsNotHeardWithAnotherSession) {
  get_in();
  a.say(parcel_head{.session = "0123", .from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"});
  expect_refused("session");
}

/// What a zombie still says when its link is over and its heir has another one.
TEST_F(HostilePeer, IsNotHeardInASessionThatIsOverAndThatIsCountedInItsName) {
  get_in();
  EXPECT_TRUE(a.is_thrown_out());
  impostor heir;
  auto said = honest();
  said.incarnation = "heir";
  said.caf_node = heir.caf_node();
  said.partitions["order-a"] = 8;
  ASSERT_TRUE(b.until([&] { return !b.all->is_up("a"); }));
  ASSERT_TRUE(heir.call(b.all->port(), said).accepted) << heir.trouble;
  ASSERT_TRUE(heir.gets_in());
  // Before its own link stands: there is no door of a's now.
  heir.say(parcel_head{.session = a.session, .from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"});
  heir.say(word{.say = word_kind::beat, .session = a.session});
  heir.say(word{.say = word_kind::arrived});
  ASSERT_TRUE(b.until_up("a"));
  expect_refused("session");
  expect_refused("word");
}

TEST_F(HostilePeer, IsCountedAlsoWhenNobodyKnowsWhoItIs) {
  base::system_clock time;
  telemetry::metrics_registry registry{time};
  auto counting = options();
  counting.port = 0;
  counting.metrics = &registry;
  little_node c{std::move(counting)};
  ASSERT_TRUE(c.all->start());
  ASSERT_TRUE(a.call(c.all->port(), honest()).accepted) << a.trouble;
  ASSERT_TRUE(a.gets_in());
  a.say(parcel_head{.session = "0123", .from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"});
  EXPECT_TRUE(c.until([&] {
    return registry.render().find("runtime_cluster_refused_parcels_total{peer=\"unknown\",reason=\"session\"} 1\n") !=
           std::string::npos;
  })) << registry.render();
}

TEST_F(HostilePeer, IsCountedWhenItsNodeCannotTellWhatItMeans) {
  get_in();
  b.all->not_understood("a", "a parcel of a kind that nobody knows");
  expect_refused("undecodable");
}

TEST_F(HostilePeer, IsNotHeardForPartitionsOfOthers) {
  get_in();
  a.say(parcel_head{.from = "order-b", .to = "order-b", .epoch = 1, .kind = "batch"});
  expect_refused("not_owner");
  a.say(parcel_head{.from = "@b", .to = "order-b", .kind = "batch"});
  expect_refused("not_owner", 2);
}

TEST_F(HostilePeer, IsNotHeardUnderAnotherEpoch) {
  get_in();
  a.say(parcel_head{.from = "order-a", .to = "order-b", .epoch = 6, .kind = "batch"});
  expect_refused("epoch");
  a.say(parcel_head{.from = "order-a", .to = "order-b", .epoch = 8, .kind = "batch"});
  expect_refused("epoch", 2);
}

TEST_F(HostilePeer, IsNotHeardForPartitionsThatAreNotHere) {
  get_in();
  a.say(parcel_head{.from = "order-a", .to = "order-c", .epoch = 7, .kind = "batch"});
  expect_refused("wrong_node");
  a.say(parcel_head{.from = "order-a", .to = "@c", .epoch = 7, .kind = "batch"});
  expect_refused("wrong_node", 2);
}

TEST_F(HostilePeer, IsNotHeardWithTooMuchAtOnce) {
  get_in();
  a.say(parcel_head{.from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"},
        std::vector<message::envelope>(4));
  expect_refused("too_large");
  a.say(
      parcel_head{.from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch", .head = std::string(20'000, 'x')});
  expect_refused("too_large", 2);
}

TEST_F(HostilePeer, IsCountedWhenItCannotBeUnderstood) {
  get_in();
  a.send(caf::make_message(std::string{"no word"}));
  a.send(caf::make_message(caf::make_message_id(7).integer_value()));
  a.send(caf::make_message());
  a.say(parcel_head{}, {});
  EXPECT_TRUE(b.until([&] { return b.undecodable.size() >= 3; }));
  for (const auto& [node, text] : b.undecodable) EXPECT_EQ(node, "a") << text;
  EXPECT_GE(b.view_of("a").refused_parcels["undecodable"], 3U);
  EXPECT_TRUE(b.all->is_up("a"));
}

TEST_F(HostilePeer, CannotEndTheDoorOrReachAnybodyElse) {
  get_in();
  a.send(caf::make_message(caf::exit_msg{a.door->address(), caf::exit_reason::kill}));
  a.send(caf::make_message(caf::down_msg{a.door->address(), caf::exit_reason::kill}));
  a.send(caf::make_message(caf::link_atom::value, a.door->address()));
  a.say(parcel_head{.from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"});
  EXPECT_TRUE(b.until_parcels(1)) << "the door stands";
  EXPECT_TRUE(b.system.registry().named_actors().empty())
      << "CAF's own named actors would start actors for whoever asks";
}

TEST_F(HostilePeer, IsThrownOutWhenItFallsSilent) {
  get_in();
  const telemetry::captured_logs logs;
  EXPECT_TRUE(a.is_thrown_out());
  EXPECT_TRUE(b.until([&] {
    for (const auto& one : logs.lines())
      if (one.find(R"("level":"warning")") != std::string::npos && one.find("\"link-down\"") != std::string::npos)
        return true;
    return false;
  })) << "a link that was lost is worth a warning";
  EXPECT_TRUE(b.until_state("a", link_state::down));
  EXPECT_THAT(b.view_of("a").history.back().why, HasSubstr("silent"));
}

TEST_F(HostilePeer, IsThrownOutWhenItDoesNotArrive) {
  ASSERT_TRUE(a.call(b.all->port(), honest()).accepted) << a.trouble;
  ASSERT_TRUE(a.gets_in());
  EXPECT_TRUE(a.is_thrown_out());
  EXPECT_FALSE(b.all->is_up("a"));
}

/// It is one of ours by its hello; what it says then is a header that announces a gigabyte.
TEST_F(HostilePeer, IsThrownOutBeforeThereIsRoomForAllThatItDeclares) {
  std::string header(32, '\0');
  header[0] = 1;
  header[4] = '\x40';
  auto caller = std::async(std::launch::async, [&] { return a.call_and_say(b.all->port(), honest(), header); });
  EXPECT_TRUE(b.until([&] {
    return b.view_of("a").why.find("it declares 1073741824 bytes at once, and may say") != std::string::npos;
  }));
  EXPECT_TRUE(caller.get()) << "the connection is still there";
  impostor again;
  auto said = honest();
  said.incarnation = "another";
  said.caf_node = again.caf_node();
  said.partitions["order-a"] = 8;
  EXPECT_TRUE(again.call(b.all->port(), said).accepted) << "the node is unharmed";
}

TEST_F(HostilePeer, IsToldWhyItIsRefused) {
  auto said = honest();
  said.cluster = "other";
  EXPECT_EQ(to_refusal(a.call(b.all->port(), said)).reason, refusal_reason::other_cluster);
  said = honest();
  said.protocol_min = said.protocol_max = 2;
  EXPECT_EQ(to_refusal(a.call(b.all->port(), said)).reason, refusal_reason::protocol);
  EXPECT_TRUE(b.until_state("a", link_state::refused));
  EXPECT_EQ(b.view_of("a").history.back().refusal, refusal_reason::protocol);
}

TEST_F(HostilePeer, MayBeOneOfALaterVersion) {
  const auto never = eventfd(0, EFD_CLOEXEC);
  struct later final : talker {
    std::string text;
    verdict answer;
    std::string opening() override { return text; }
    reply hear(std::string_view said, bool, const std::set<std::string>&) override {
      answer = describe::from_json<verdict>(said).value_or(verdict{});
      return {{}, true, false};
    }
  } talk;
  talk.text = describe::to_json(honest());
  talk.text.insert(talk.text.size() - 1, R"(,"colour":"blue","more":{"x":[1,2]})");
  static_cast<void>(call("127.0.0.1", b.all->port(), nullptr, talk, 5s, never));
  close(never);
  EXPECT_TRUE(talk.answer.accepted);
}

TEST_F(HostilePeer, NobodyElseOfItsNameGetsInMeanwhile) {
  get_in();
  impostor second;
  auto said = honest();
  said.incarnation = "another";
  said.caf_node = second.caf_node();
  EXPECT_EQ(to_refusal(second.call(b.all->port(), said)).reason, refusal_reason::epoch_clash);
  said.partitions["order-a"] = 8;  // It has begun later, but the first one lives.
  EXPECT_EQ(to_refusal(second.call(b.all->port(), said)).reason, refusal_reason::name_taken);
  a.say(parcel_head{.from = "order-a", .to = "order-b", .epoch = 7, .kind = "batch"});
  EXPECT_TRUE(b.until_parcels(1)) << "the first one is unharmed";
}

TEST_F(HostilePeer, ItsOldEpochIsOverOnceANewOneWasSeen) {
  get_in();
  EXPECT_TRUE(a.is_thrown_out());
  impostor second;
  auto said = honest();
  said.incarnation = "another";
  said.caf_node = second.caf_node();
  EXPECT_EQ(to_refusal(second.call(b.all->port(), said)).reason, refusal_reason::epoch_clash);
  said.partitions["order-a"] = 8;
  EXPECT_TRUE(second.call(b.all->port(), said).accepted);
  impostor zombie;
  said = honest();
  said.caf_node = zombie.caf_node();
  const auto answer = to_refusal(zombie.call(b.all->port(), said));
  EXPECT_TRUE(answer.reason == refusal_reason::name_taken || answer.reason == refusal_reason::replaced)
      << answer.text;
}

class Stranger : public HostilePeer {
 protected:
  std::string what_comes_back(const std::string& bytes) {
    http::raw_connection connection{b.all->port()};
    connection.send(bytes);
    auto all = connection.read_all();
    EXPECT_TRUE(connection.closed());
    return all;
  }
};

TEST_F(Stranger, WhoSaysNothingIsClosed) { EXPECT_EQ(what_comes_back(""), ""); }

TEST_F(Stranger, WhoStopsInTheMiddleIsClosed) { EXPECT_EQ(what_comes_back("{\"cluster\":"), ""); }

TEST_F(Stranger, WhoSaysNoHelloIsToldSo) {
  EXPECT_THAT(what_comes_back("GET / HTTP/1.1\n"), HasSubstr("unreadable"));
}

TEST_F(Stranger, WhoSaysTooMuchIsClosed) { EXPECT_EQ(what_comes_back(std::string(2'000'000, 'x')), ""); }

TEST_F(Stranger, CafsOwnPacketsDoNotReachCaf) {
  // A client's handshake whose length is a lie: plain BASP would allocate 4 GiB for it, or crash on a length of 0.
  for (const char length : {'\x00', '\xff'}) {
    std::string header(32, '\0');
    header[0] = 1;
    header[4] = header[5] = header[6] = header[7] = length;
    EXPECT_EQ(what_comes_back(header), "");
  }
  get_in();
}

TEST_F(Stranger, ManyAtOnceDoNotKeepAPeerOut) {
  std::vector<std::unique_ptr<http::raw_connection>> many;
  for (int i = 0; i < 300; ++i) many.push_back(std::make_unique<http::raw_connection>(b.all->port()));
  get_in();
}

}  // namespace
}  // namespace musiccorp::cluster

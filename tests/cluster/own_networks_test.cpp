// A shop whose nodes are in network namespaces of their own, so that a wire can really go dead: no byte arrives, no
// reset, no refusal, and the kernel at either end still takes the connection for a good one.
#include <algorithm>
#include <set>

#include "cut_links.hpp"
#include "support/ledger.hpp"
#include "support/link_proxy.hpp"
#include "support/own_network.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using cluster::link_state;

/// A host for each node, and a wire between each two of them. Doors are on loopback of their hosts; a relay leads
/// there from the test's own network, also when wires are dead.
class wires final : public testing::network {
 public:
  explicit wires(testing::cluster_processes& nodes) {
    unsigned number = 0;
    for (const auto& name : nodes.names()) hosts_[name].number = ++number;
    for (auto& [name, one] : hosts_) one.space.command("ip addr add " + one.address() + "/32 dev lo");
    for (const auto& [name, one] : hosts_)
      for (const auto& [other, peer] : hosts_)
        if (name < other) {
          one.space.command("ip link add name " + wire_to(other) + " address " + one.card(peer) +
                            " type veth peer name " + wire_to(name) + " address " + peer.card(one) + " netns " +
                            peer.space.path());
          for (const auto& [from, to] : {std::pair{name, other}, std::pair{other, name}}) plug(from, to);
        }
    move_in(nodes);
  }

  /// Frames go to a card that nobody has. Nobody is told.
  void swallow(const std::string& from, const std::string& to) override { aim(from, to, "02:00:00:00:ff:ff"); }
  void slow(const std::string& one, const std::string& other) override {
    for (const auto& [from, to] : {std::pair{one, other}, std::pair{other, one}})
      hosts_.at(from).space.command("tc qdisc replace dev " + wire_to(to) +
                                    " root tbf rate 1600kbit burst 32kbit latency 400ms");
    slow_.insert({{one, other}, {other, one}});
  }
  /// The wire is pulled out at both ends.
  void unplug(const std::string& one, const std::string& other) {
    for (const auto& [from, to] : {std::pair{one, other}, std::pair{other, one}})
      hosts_.at(from).space.command("ip link set " + wire_to(to) + " down");
  }
  void heal() override {
    for (const auto& [from, one] : hosts_)
      for (const auto& [to, other] : hosts_)
        if (from != to) plug(from, to);
    for (const auto& [from, to] : std::exchange(slow_, {}))
      hosts_.at(from).space.command("tc qdisc del dev " + wire_to(to) + " root");
  }
  /// Connections that stand, as the first of the two knows it.
  [[nodiscard]] std::size_t connections(const std::string& from, const std::string& to) const {
    return hosts_.at(from).space.connections_with(hosts_.at(to).address());
  }

 private:
  struct host {
    [[nodiscard]] std::string address() const { return "10.77.0." + std::to_string(number); }
    [[nodiscard]] std::string card(const host& towards) const {
      return "02:00:00:00:0" + std::to_string(number) + ":0" + std::to_string(towards.number);
    }
    unsigned number = 0;
    testing::net_host space{};
    std::unique_ptr<testing::link_proxy> relay{};
  };
  static std::string wire_to(const std::string& name) { return "to-" + name; }

  void plug(const std::string& from, const std::string& to) {
    const auto& one = hosts_.at(from);
    one.space.command("ip link set " + wire_to(to) + " up && ip route replace " + hosts_.at(to).address() +
                      "/32 dev " + wire_to(to) + " src " + one.address());
    aim(from, to, hosts_.at(to).card(one));
  }
  void aim(const std::string& from, const std::string& to, const std::string& card) {
    hosts_.at(from).space.command("ip neigh replace " + hosts_.at(to).address() + " lladdr " + card + " dev " +
                                  wire_to(to) + " nud permanent");
  }

  /// The nodes' own files say where they are for each other, the common one how the test reaches their doors.
  void move_in(testing::cluster_processes& nodes) {
    const auto port_of = [](const std::string& address) { return address.substr(address.rfind(':') + 1); };
    nodes.edit([&](auto& file) {
      for (auto& one : file["nodes"])
        one["link"] = hosts_.at(one["name"]).address() + ":" + port_of(one["link"].template get<std::string>());
    });
    for (const auto& name : nodes.names()) {
      nodes.edit_for(name, [](auto&) {});
      nodes.run_by(name, hosts_.at(name).space.words());
    }
    nodes.edit([&](auto& file) {
      for (auto& one : file["nodes"]) {
        auto& there = hosts_.at(one["name"]);
        const auto door = std::stoul(port_of(one["http"].template get<std::string>()));
        there.relay = std::make_unique<testing::link_proxy>(static_cast<std::uint16_t>(door),
                                                            [&there] { there.space.enter(); });
        one["http"] = "127.0.0.1:" + std::to_string(there.relay->port());
      }
    });
  }

  std::map<std::string, host> hosts_;
  std::set<std::pair<std::string, std::string>> slow_;
};

class OwnNetworks : public testing::cut_links<::testing::Test> {
 protected:
  OwnNetworks() : testing::cut_links<::testing::Test>{true} {}
  void SetUp() override {
    if (const auto& why = testing::own_network::why_not(); !why.empty()) GTEST_SKIP() << why;
    net_ = std::make_unique<wires>(nodes_);
  }

  /// How long questions for things of another node have taken that were asked at once, and what was answered.
  struct question {
    int status = 0;
    std::chrono::milliseconds took{};
  };
  std::vector<question> ask_all(const std::string& url, std::size_t count) {
    std::vector<question> asked(count);
    std::vector<std::jthread> askers;
    for (auto& one : asked)
      askers.emplace_back([&one, &url] {
        http::client connection{{.timeout = 60s}};
        const auto begin = std::chrono::steady_clock::now();
        const auto said = connection.fetch({.url = url});
        one = {said ? said->status : 0,
               std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)};
      });
    askers.clear();
    return asked;
  }

  /// It lost the other because it heard nothing, and not because anybody said that the connection is over.
  bool has_noticed_silence(const std::string& name, const std::string& other) {
    const auto link = nodes_.link(connection_, name, other);
    return link && std::ranges::any_of(link->history, [](const auto& one) {
             return one.state == link_state::down && one.why.starts_with("silent for ");
           });
  }

  /// Both ends give the connection up themselves.
  void expect_noticed_and_healed(const std::function<void()>& kill_wire) {
    // Far from the quarter of an hour that the kernel would take, and generous to a busy machine; how soon it is
    // without one, the bench says.
    constexpr auto noticed_within = 30s;
    nodes_.start_all();
    expect_whole();
    testing::stubborn_clients load{board_, plan(100'000), 6, testing::answers_within};
    board_.put(nodes_.url("north"));
    let_work(load, 60);

    kill_wire();
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& one : ask_all(nodes_.url("north") + "/payments/nobody", 8)) {
      EXPECT_THAT(one.status, ::testing::AnyOf(503, 504));
      EXPECT_LT(one.took, testing::answers_within);
    }
    for (const auto& [name, other] : {std::pair{"north", "east"}, std::pair{"east", "north"}})
      ASSERT_TRUE(wait_for([&] { return has_noticed_silence(name, other); })) << name << " has not noticed";
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took, noticed_within);
    EXPECT_TRUE(wait_for([&] { return net_->connections("north", "east") == 0; })) << "it is held on to";
    EXPECT_TRUE(is_link("south", "north", link_state::up) && is_link("south", "east", link_state::up))
        << "they have other wires";
    let_work(load, 20);  // Orders are taken; what payment would do for them waits.

    net_->heal();
    expect_whole();
    let_work(load, 20);
    const auto answered = load.finish();
    for (const auto& one : answered) EXPECT_LT(one.longest, testing::answers_within);
    expect_all_promises(answered);
    testing::expect_ledger_zero(shop(), rest_longest_);
  }

  std::unique_ptr<wires> net_;
};

TEST_F(OwnNetworks, KeepEveryPromiseWhileWiresAreCutAndSlow) { keep_every_promise(*net_, 3); }

TEST_F(OwnNetworks, AConnectionThatIsHalfOpenIsNoticedAndNobodyHangs) {
  expect_noticed_and_healed([&] {
    net_->swallow("north", "east");
    net_->swallow("east", "north");
  });
}

TEST_F(OwnNetworks, AWireThatIsPulledOutIsNoticedAndNobodyHangs) {
  expect_noticed_and_healed([&] { net_->unplug("north", "east"); });
}

}  // namespace
}  // namespace musiccorp

int main(int argc, char** argv) {
  musiccorp::testing::own_network::enter(argc, argv);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

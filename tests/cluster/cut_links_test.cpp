// The links of a real shop go through proxies that swallow, delay and narrow what the nodes say to each other.
#include "cut_links.hpp"

#include "support/link_proxy.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;

/// A proxy for each node and each of its peers: in its own cluster file, that is where the peer is.
class proxies final : public testing::network {
 public:
  explicit proxies(testing::cluster_processes& nodes) : names_(nodes.names()) {
    std::map<std::string, std::uint16_t> ports;
    nodes.edit([&](auto& file) {
      for (const auto& one : file["nodes"]) {
        const auto link = one["link"].template get<std::string>();
        ports[one["name"]] = static_cast<std::uint16_t>(std::stoul(link.substr(link.rfind(':') + 1)));
      }
    });
    for (const auto& name : names_)
      nodes.edit_for(name, [&](auto& file) {
        for (auto& one : file["nodes"]) {
          const std::string other = one["name"];
          if (other == name) continue;
          const auto made = ways_.try_emplace({name, other}, ports.at(other)).first;
          one["link"] = "127.0.0.1:" + std::to_string(made->second.proxy.port());
        }
      });
  }

  void swallow(const std::string& from, const std::string& to) override {
    ways_.at({from, to}).there.stalled = ways_.at({to, from}).back.stalled = true;
    apply();
  }
  void slow(const std::string& one, const std::string& other) override {
    constexpr testing::passage narrow{.delay = 150ms, .bytes_per_second = 200'000};
    for (const auto& pair : {std::pair{one, other}, std::pair{other, one}})
      ways_.at(pair).there = ways_.at(pair).back = narrow;
    apply();
  }
  void heal() override {
    for (auto& [pair, one] : ways_) one.there = one.back = {};
    apply();
  }

 private:
  struct way {
    explicit way(std::uint16_t target) : proxy(target) {}
    testing::link_proxy proxy;
    testing::passage there{}, back{};
  };
  void apply() {
    for (auto& [pair, one] : ways_) one.proxy.let(one.there, one.back);
  }

  std::vector<std::string> names_;
  std::map<std::pair<std::string, std::string>, way> ways_;  ///< who calls, who is called
};

class CutLinks : public testing::cut_links<::testing::TestWithParam<bool>> {
 protected:
  CutLinks() : testing::cut_links<::testing::TestWithParam<bool>>{GetParam()} {}
};

TEST_P(CutLinks, KeepEveryPromise) {
  proxies net{nodes_};
  keep_every_promise(net, 3);
}
INSTANTIATE_TEST_SUITE_P(Links, CutLinks, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Encrypted" : "Plain"; });

}  // namespace
}  // namespace musiccorp

// Two nodes that claim the same: the second one does not open its share, and says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/ledger.hpp"
#include "support/listener.hpp"
#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;

constexpr int gave_up = 70;
constexpr auto patience = 60s;

/// Asks a door again and again whether it serves, for as long as it lives.
class door_watch {
 public:
  explicit door_watch(std::string url) : url_{std::move(url)}, watcher_{[this] { watch(); }} {}
  ~door_watch() { (void)served(); }
  door_watch(const door_watch&) = delete;
  door_watch& operator=(const door_watch&) = delete;

  /// What was answered with 2xx until now. Then it looks no more.
  [[nodiscard]] std::vector<std::string> served() {
    is_over_ = true;
    if (watcher_.joinable()) watcher_.join();
    return served_;
  }

 private:
  void watch() {
    http::client connection{{.timeout = 2s}};
    const demo::shop_client door{connection, url_};
    while (!is_over_) {
      for (const auto* route : {"/orders", "/catalog", "/readyz", "/shipments/nobody", "/notifications"})
        if (const auto said = connection.fetch(door.get_request(route)); said && said->status / 100 == 2)
          served_.push_back(route + (" " + std::to_string(said->status)));
      (void)::poll(nullptr, 0, 2);
    }
  }

  const std::string url_;
  std::atomic<bool> is_over_{false};
  std::vector<std::string> served_;
  std::thread watcher_;
};

class Ownership : public three_nodes<::testing::Test> {
 protected:
  /// Each store in a folder, and when it was written last.
  static std::map<std::string, std::filesystem::file_time_type> stores(const std::filesystem::path& folder) {
    std::map<std::string, std::filesystem::file_time_type> found;
    for (const auto& one : std::filesystem::directory_iterator{folder})
      if (one.path().extension() == ".db") found[one.path().filename()] = one.last_write_time();
    return found;
  }
  /// A cluster file of east's own, in which it hosts the orders, too.
  void give_east_the_orders() {
    nodes_.edit_for("east", [](auto& file) {
      for (auto& node : file["nodes"]) {
        auto& hosts = node["hosts"];
        if (node["name"] == "east") hosts.push_back("order");
        if (node["name"] == "north") hosts.erase(std::ranges::find(hosts, "order"));
      }
    });
  }
  /// East starts and ends, because it may not serve; its door has answered nobody.
  void expect_east_gives_up() {
    door_watch door{nodes_.url("east")};
    nodes_.launch("east");
    const auto ended = nodes_.wait("east", patience);
    EXPECT_THAT(door.served(), ::testing::IsEmpty());
    ASSERT_TRUE(ended) << nodes_.log_end("east");
    EXPECT_EQ(*ended, (demo::process_end{gave_up, 0}));
  }
};

TEST_F(Ownership, ANodeWhoseFileClaimsWhatAnotherOneServesDoesNotStartItsShare) {
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), 6};
  board_.put(nodes_.url("north"));
  let_work(load, 60);
  EXPECT_EQ(nodes_.stop("east"), (demo::process_end{0, 0}));
  const auto before = stores(nodes_.data("east"));
  ASSERT_EQ(before.size(), 4U);

  give_east_the_orders();
  expect_east_gives_up();
  EXPECT_THAT(nodes_.log_end("east"), HasSubstr("The node gave up: "));
  EXPECT_THAT(nodes_.log_end("east"), HasSubstr("claims partition \"order\"; by the cluster file of node"));
  EXPECT_EQ(stores(nodes_.data("east")), before) << "it has opened a store";
  EXPECT_FALSE(std::filesystem::exists(nodes_.data("east") / "ousted")) << "the right file mends it";

  nodes_.edit_for("east",
                  [&](auto& file) { file = nlohmann::ordered_json::parse(std::ifstream{nodes_.file_name()}); });
  nodes_.start("east");
  expect_whole();
  let_work(load, 60);
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 100U);
  expect_all_promises(answered);
  expect_ledger_zero(shop(), rest_longest_);
}

/// While the true owner is away, somebody whose file is another one still knows that there is one.
TEST_F(Ownership, ABystanderIsEnoughToKeepItOut) {
  nodes_.start("south");
  give_east_the_orders();
  expect_east_gives_up();
  EXPECT_THAT(nodes_.log_end("east"), HasSubstr("by the cluster file of node \\\"south\\\" it belongs to"));
  EXPECT_TRUE(stores(nodes_.data("east")).empty());
}

TEST_F(Ownership, ASecondProcessOnACopyOfTheDataNeverServesAlsoUnderHigherEpochs) {
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), 6};
  board_.put(nodes_.url("north"));
  let_work(load, 60);
  const auto copy = folder_.path() / "copy";
  std::filesystem::create_directories(copy);
  for (const auto& one : std::filesystem::directory_iterator{nodes_.data("south")}) {
    std::error_code gone;  // It is in use, and some of its files live for a moment.
    std::filesystem::copy_file(one.path(), copy / one.path().filename(), gone);
  }
  auto book = nlohmann::json::parse(std::ifstream{copy / "epochs.json"});
  for (auto& one : book["partitions"]) one["epoch"] = one["epoch"].get<std::uint64_t>() + 10;
  std::ofstream{copy / "epochs.json"} << book;
  const auto before = stores(copy);
  ASSERT_EQ(before.size(), 4U);

  auto twin = nodes_.launch_twin("south", copy);
  door_watch door{nodes_.twin_url("south")};
  const auto ended = twin.wait(patience);
  EXPECT_THAT(door.served(), ::testing::IsEmpty());
  ASSERT_TRUE(ended) << text_of(folder_.path() / "copy.log");
  EXPECT_EQ(*ended, (demo::process_end{gave_up, 0}));
  EXPECT_THAT(text_of(folder_.path() / "copy.log"),
              HasSubstr("The node gave up: another process of this node's name"));
  EXPECT_EQ(stores(copy), before) << "it has opened a store";

  let_work(load, 60);
  const auto link = nodes_.link(connection_, "north", "south");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->state, cluster::link_state::up);
  EXPECT_EQ(link->times_up, 1U) << "the true one has noticed something";
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 100U);
  expect_all_promises(answered);
  expect_ledger_zero(shop(), rest_longest_);
}

/// Nobody listens where the peers are, or the system takes the call and nobody ever says a word.
enum class missing : std::uint8_t { absent, silent };

/// East asks peers that do not answer. The parameter: how they are missing, and whether there are certificates.
class Asking : public three_nodes<::testing::TestWithParam<std::tuple<missing, bool>>> {
 protected:
  Asking() : three_nodes{std::get<bool>(GetParam())} {
    auto settings = nlohmann::json::parse(std::ifstream{std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json"});
    settings["log"]["level"] = "info";  // To see that it asks.
    settings["imports"]["catalog"] = std::string{MUSICCORP_SOURCE_DIR} + "/config/catalog.json";
    settings.erase("$schema");
    const auto file = folder_.path() / "settings.json";
    std::ofstream{file} << settings;
    nodes_.edit([&](auto& cluster) {
      cluster["settings"] = file.string();
      cluster["links"] = {{"down_after_ms", std::chrono::milliseconds{down_after_}.count()}};
      for (auto& node : cluster["nodes"])
        if (node["name"] != "east" && std::get<missing>(GetParam()) == missing::silent)
          node["link"] = silent_[node["name"] == "north" ? 0 : 1].address();
    });
  }

  static constexpr std::chrono::milliseconds down_after_ = 60s;
  static constexpr auto asks_for_ = down_after_ / 2;  ///< at least; see cluster::standing
  std::array<listener, 2> silent_;
};

TEST_P(Asking, EndsAtOnceWhenTheNodeIsStopped) {
  nodes_.launch("east");
  ASSERT_TRUE(wait_for([&] { return nodes_.log_end("east").find("node-joining") != std::string::npos; }))
      << nodes_.log_end("east");
  EXPECT_EQ(nodes_.stop("east", asks_for_), (demo::process_end{0, 0})) << nodes_.log_end("east");
  for (const auto& one : std::filesystem::directory_iterator{nodes_.data("east")})
    EXPECT_NE(one.path().extension(), ".db") << one.path() << ": it has opened a store";
  EXPECT_THAT(nodes_.log_end("east"), ::testing::Not(HasSubstr("cannot start")));
}
INSTANTIATE_TEST_SUITE_P(Peers, Asking,
                         ::testing::Combine(::testing::Values(missing::absent, missing::silent), ::testing::Bool()),
                         [](const auto& one) {
                           return std::string{std::get<missing>(one.param) == missing::absent ? "Absent" : "Silent"} +
                                  (std::get<bool>(one.param) ? "Encrypted" : "Plain");
                         });

}  // namespace
}  // namespace musiccorp

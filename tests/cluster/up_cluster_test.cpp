// `musiccorp up --cluster` on the example file: one shop in three supervised processes, of which some die and some
// are taken out in order while customers order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_program.hpp"
#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using cluster::link_state;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr auto patience = 60s;

class UpCluster : public three_nodes<::testing::Test> {
 protected:
  /// config/cluster/three.json on the free ports that these nodes have.
  UpCluster() {
    const std::string folder{MUSICCORP_SOURCE_DIR "/config"};
    auto example = nlohmann::ordered_json::parse(std::ifstream{folder + "/cluster/three.json"});
    example.erase("$schema");
    example["settings"] = folder + "/node.json";
    nodes_.edit([&](auto& file) {
      for (auto& one : example["nodes"])
        for (const auto& made : file["nodes"])
          if (made["name"] == one["name"]) one["link"] = made["link"], one["http"] = made["http"];
      file = example;
    });
  }

  void start() {
    auto begun = demo::child_process::start(
        {MUSICCORP_PROGRAM, {"up", "--cluster", nodes_.file_name(), "--data", folder_.path()}, log_file()});
    ASSERT_TRUE(begun);
    up_.emplace(std::move(*begun));
    ASSERT_TRUE(says("Ctrl-C closes it")) << text_of(log_file());
    expect_whole();
  }
  [[nodiscard]] bool says(const std::string& beginning) {
    return up_->wait_for_line(beginning, patience).has_value();
  }
  [[nodiscard]] std::filesystem::path log_file() const { return folder_.path() / "up.log"; }

  /// Of the process that `up` runs for a node now.
  [[nodiscard]] std::optional<pid_t> process_of(const std::string& name) const {
    const auto own = std::to_string(up_->pid());
    std::ifstream children{"/proc/" + own + "/task/" + own + "/children"};
    for (pid_t one = 0; children >> one;)
      if (text_of("/proc/" + std::to_string(one) + "/cmdline").find(std::string{"--name\0", 7} + name) !=
          std::string::npos)
        return one;
    return std::nullopt;
  }
  void send(const std::string& name, int signal) const {
    const auto process = process_of(name);
    ASSERT_TRUE(process) << name << " does not run";
    kill(*process, signal);
  }
  void drain(const std::string& name) {
    const auto done = run_program({"drain", name, "--cluster", nodes_.file_name(), "--by", "the test"});
    EXPECT_EQ(done.code, 0) << done.err;
  }
  [[nodiscard]] std::string status(const std::string& seen_from) {
    return run_program({"status", "--shop", nodes_.url(seen_from)}).out;
  }

  std::optional<demo::child_process> up_;
};

TEST_F(UpCluster, StartsAKilledNodeAgainAndTheOrdersGoOn) {
  start();
  stubborn_clients load{board_, plan(100'000), 6};
  board_.put(nodes_.url("north"));
  let_work(load, 100);
  const auto first = process_of("east"), bystander = process_of("south");
  send("east", SIGKILL);
  ASSERT_TRUE(says("east is open again at " + nodes_.url("east"))) << text_of(log_file());
  const auto second = process_of("east");
  ASSERT_TRUE(second);
  EXPECT_NE(second, first);
  EXPECT_EQ(process_of("south"), bystander) << "the others stay";
  expect_whole();
  let_work(load, 50);

  for (const auto* other : {"north", "south"}) {
    const auto link = nodes_.link(connection_, other, "east");
    ASSERT_TRUE(link);
    EXPECT_GE(link->times_up, 2U) << other;
    const auto told = status(other);
    EXPECT_THAT(told, ContainsRegex("\n  east +up for .*\n      .* ago: up, .*\n      .* ago: down, "));
    EXPECT_THAT(told, ContainsRegex("\n  payment +east +reachable, epoch 2\n"));
    EXPECT_THAT(told, ContainsRegex("\n  (order|shipping) +(north|south) +(running|reachable), epoch 1\n"));
  }
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 150U);
  expect_all_promises(answered);
  up_->send(SIGTERM);
  EXPECT_EQ(up_->wait(patience), (demo::process_end{0, 0})) << text_of(log_file());
}

/// Its end is no death, also when it is a hard one. What `up` would have done about it, it would have done before it
/// has started another one again, that was killed later.
TEST_F(UpCluster, LeavesADrainedNodeOutUntilSomebodyStartsIt) {
  start();
  stubborn_clients load{board_, plan(100'000), 6};
  board_.put(nodes_.url("north"));
  let_work(load, 100);
  drain("east");
  ASSERT_TRUE(says("east | drained")) << text_of(log_file());
  EXPECT_THAT(status("north"), ContainsRegex("\n  east +up for .*, drained\n"));
  send("east", SIGTERM);
  ASSERT_TRUE(says("east was drained and has ended")) << text_of(log_file());
  send("south", SIGKILL);
  ASSERT_TRUE(says("south is open again")) << text_of(log_file());
  EXPECT_FALSE(process_of("east")) << "somebody has started it";
  ASSERT_TRUE(wait_for([&] { return is_link("north", "south", link_state::up); }));
  EXPECT_TRUE(is_link("north", "east", link_state::left));
  EXPECT_THAT(status("north"), ContainsRegex("\n  east +left for .*, drained\n"));
  let_work(load, 20);  // Orders are taken; what east would do for them waits.

  nodes_.start("east");
  expect_whole();
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 100U);
  expect_all_promises(answered);

  drain("north");
  send("north", SIGKILL);
  ASSERT_TRUE(says("north was drained and has ended")) << text_of(log_file());
  EXPECT_TRUE(up_->is_running()) << "south is there";
  drain("south");
  send("south", SIGTERM);
  EXPECT_EQ(up_->wait(patience), (demo::process_end{0, 0})) << "all of its nodes are out; " << text_of(log_file());
  EXPECT_EQ(nodes_.stop("east"), (demo::process_end{0, 0}));
}

}  // namespace
}  // namespace musiccorp

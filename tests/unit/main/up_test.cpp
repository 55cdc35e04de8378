// `musiccorp up`: node processes that are started again, given up, and ended in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "program.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

const std::string node_file = std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json";

class Up : public ::testing::Test {
 protected:
  void start(std::vector<std::string> flags = {}) {
    std::vector<std::string> words{"up",
                                   "--config",
                                   node_file,
                                   "--data",
                                   (place_.path() / "data").string(),
                                   "--http",
                                   "127.0.0.1:0",
                                   "--set",
                                   "/durability=process"};
    words.insert(words.end(), flags.begin(), flags.end());
    auto begun = demo::child_process::start({MUSICCORP_PROGRAM, words, place_.path() / "err"});
    ASSERT_TRUE(begun);
    up_.emplace(std::move(*begun));
  }
  [[nodiscard]] bool says(const std::string& beginning) { return up_->wait_for_line(beginning, 60s).has_value(); }
  [[nodiscard]] std::string errors() const { return text_of(place_.path() / "err"); }

  /// Processes that `up` has started.
  [[nodiscard]] std::vector<pid_t> nodes() const {
    std::vector<pid_t> found;
    const auto pid = std::to_string(up_->pid());
    std::ifstream children{"/proc/" + pid + "/task/" + pid + "/children"};
    for (pid_t one = 0; children >> one;) found.push_back(one);
    return found;
  }
  void kill_a_node() {
    const auto running = nodes();
    ASSERT_FALSE(running.empty());
    kill(running.front(), SIGKILL);
  }

  testing::temporary_folder place_;
  std::optional<demo::child_process> up_;
};

TEST_F(Up, StartsANodeAgainThatWasKilled) {
  start();
  ASSERT_TRUE(says("ready http://127.0.0.1:"));
  const auto first = nodes();
  kill_a_node();
  ASSERT_TRUE(says("The shop is open again at http://127.0.0.1:"));
  ASSERT_EQ(nodes().size(), 1U);
  EXPECT_NE(nodes(), first);
  up_->send(SIGTERM);
  EXPECT_EQ(up_->wait(30s), (demo::process_end{0, 0})) << errors();
  EXPECT_FALSE(fs::exists("/proc/" + std::to_string(first.front()))) << "nothing is left behind";
}

TEST_F(Up, GivesUpWhenItIsKilledAgainAndAgain) {
  start();
  ASSERT_TRUE(says("ready http://127.0.0.1:"));
  for (int i = 0; i < 5; ++i) {
    kill_a_node();
    ASSERT_TRUE(says("The shop is open again")) << i;
  }
  kill_a_node();
  EXPECT_EQ(up_->wait(60s), (demo::process_end{70, 0}));
  EXPECT_THAT(errors(), HasSubstr("Giving up: more than 5 failures within 60000 ms"));
}

TEST_F(Up, SupervisesSeveralNodesEachWithDataOfItsOwn) {
  start({"--nodes", "2"});
  ASSERT_TRUE(says("node-1 is open."));
  ASSERT_TRUE(says("node-2 is open."));
  ASSERT_TRUE(says("ready http://127.0.0.1:"));
  ASSERT_TRUE(says("ready http://127.0.0.1:"));
  EXPECT_EQ(nodes().size(), 2U);
  EXPECT_TRUE(fs::exists(place_.path() / "data" / "node-1" / "order.db"));
  EXPECT_TRUE(fs::exists(place_.path() / "data" / "node-2" / "order.db"));
  up_->send(SIGINT);
  EXPECT_EQ(up_->wait(30s), (demo::process_end{0, 0})) << errors();
}

TEST_F(Up, SaysWhyANodeDoesNotStart) {
  fs::create_directories(place_.path() / "data");
  testing::shop_process first{place_.path() / "data"};
  first.start();
  start();
  EXPECT_EQ(up_->wait(60s), (demo::process_end{69, 0}));
  EXPECT_THAT(errors(), HasSubstr("shop | The node cannot start: "));
  EXPECT_THAT(errors(), HasSubstr("Giving up: shop: "));
}

TEST_F(Up, RefusesABadConfigurationByItself) {
  start({"--set", "/retry/attempts_max=0"});
  EXPECT_EQ(up_->wait(60s), (demo::process_end{78, 0}));
  EXPECT_THAT(errors(), HasSubstr("/retry/attempts_max"));
}

}  // namespace
}  // namespace musiccorp::program

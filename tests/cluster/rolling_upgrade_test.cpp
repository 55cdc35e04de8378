// Nodes of two versions as one shop: each node in turn gets the new program while customers order.
//
//   MUSICCORP_FORMER_PROGRAM=/path/to/the/former/musiccorp rolling_upgrade_test
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace testing;

class RollingUpgrade : public three_nodes<::testing::TestWithParam<bool>> {
 protected:
  RollingUpgrade() : three_nodes{GetParam()} {}

  void SetUp() override {
    const char* former = std::getenv("MUSICCORP_FORMER_PROGRAM");
    if (former == nullptr) GTEST_SKIP() << "MUSICCORP_FORMER_PROGRAM does not say which program is the former one";
    former_ = former;
  }
  /// The words of the new program, said to the former one.
  [[nodiscard]] std::vector<std::string> by_former() const {
    return {"/bin/sh", "-c", "shift; exec \"$0\" \"$@\"", former_};
  }

  std::string former_;
};

TEST_P(RollingUpgrade, KeepsEveryPromiseWhileOneNodeAfterTheOtherGetsTheNewProgram) {
  for (const auto& name : nodes_.names()) nodes_.run_by(name, by_former());
  nodes_.start_all();
  expect_whole();
  stubborn_clients load{board_, plan(100'000), 6};
  board_.put(nodes_.url("north"));
  let_work(load, 60);
  for (const auto& name : nodes_.names()) {
    board_.put(nodes_.url(name == "north" ? "east" : "north"));
    EXPECT_EQ(nodes_.stop(name), (demo::process_end{0, 0})) << nodes_.log_end(name);
    nodes_.run_by(name, {});
    nodes_.start(name);
    expect_whole();
    let_work(load, 60);  // Old and new together.
  }
  const auto answered = load.finish();
  EXPECT_GT(answered.size(), 200U);
  expect_all_promises(answered);
}

INSTANTIATE_TEST_SUITE_P(Links, RollingUpgrade, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Encrypted" : "Plain"; });

}  // namespace
}  // namespace musiccorp

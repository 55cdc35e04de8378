// How far a stream to another node is behind, as its publisher's node tells it, is what was said and not yet heard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_program.hpp"
#include "support/three_nodes.hpp"

namespace musiccorp {
namespace {

using namespace testing;
using cluster::link_state;
using ::testing::ContainsRegex;

const std::string queue = "customer:fraud";  ///< from north to east: an event for each customer

enum class missing : std::uint8_t { frozen, absent };

/// The parameter: how the subscriber's node is missing.
class StreamLag : public three_nodes<::testing::TestWithParam<missing>> {
 protected:
  void register_customers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_TRUE(demo::shop_client(connection_, nodes_.url("north"))
                      .post<messages::customer_summary>("/customers", demo::customer_body(i), 201));
  }
  std::optional<node::crossing_stream> stream() {
    if (const auto page = nodes_.page(connection_, "north"))
      for (const auto& one : page->streams)
        if (one.queue == queue) return one;
    return std::nullopt;
  }
  bool is_behind(std::uint64_t messages) {
    return wait_for([&] {
      const auto seen = stream();
      return seen && seen->ready == messages;
    });
  }
  std::string status(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"status", "--shop", nodes_.url("north")};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words).out;
  }
};

TEST_P(StreamLag, IsTheNumberOfMessagesThatTheSubscriberHasNotHad) {
  nodes_.start_all();
  expect_whole();
  register_customers(5);
  ASSERT_TRUE(is_behind(0)) << "east hears them all";
  if (GetParam() == missing::frozen)
    nodes_.freeze("east");
  else
    nodes_.kill("east");
  ASSERT_TRUE(wait_for([&] { return is_link("north", "east", link_state::down); }));

  const auto before = base::system_clock{}.now();
  std::uint64_t said = 0;
  for (const std::size_t more : {1U, 7U, 32U}) {
    register_customers(more);
    said += more;
    EXPECT_TRUE(is_behind(said)) << "wanted " << said << ", found " << stream()->ready;
  }
  EXPECT_EQ(stream()->to, "east");
  EXPECT_GE(stream()->oldest_ready.value_or(base::instant{}), before);
  EXPECT_LE(stream()->oldest_ready.value_or(base::instant::max()), base::system_clock{}.now());
  EXPECT_THAT(status(), ContainsRegex("\n  " + queue + " +40 behind, the oldest for [0-9]+ s\n"));
  const auto told = nlohmann::json::parse(status({"--json"})).at("cluster").at("streams");
  const auto one = std::ranges::find_if(told, [](const auto& each) { return each.at("queue") == queue; });
  ASSERT_NE(one, told.end());
  EXPECT_EQ(one->at("ready"), 40);

  nodes_.kill("north");
  nodes_.start("north");
  EXPECT_TRUE(is_behind(40)) << "its publisher remembers; found " << stream()->ready;
  EXPECT_GE(stream()->oldest_ready.value_or(base::instant{}), before);

  if (GetParam() == missing::frozen)
    nodes_.resume("east");
  else
    nodes_.start("east");
  expect_whole();
  EXPECT_TRUE(is_behind(0)) << "it has caught up";
  EXPECT_EQ(stream()->oldest_ready, std::nullopt);
  EXPECT_TRUE(wait_for([&] { return status().find(" behind") == std::string::npos; })) << status();
}
INSTANTIATE_TEST_SUITE_P(Subscriber, StreamLag, ::testing::Values(missing::frozen, missing::absent),
                         [](const auto& one) { return one.param == missing::frozen ? "Frozen" : "Absent"; });

}  // namespace
}  // namespace musiccorp

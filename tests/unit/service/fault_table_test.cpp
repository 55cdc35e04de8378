// What follows from each kind of trouble that a rule can have: the table of the design, kind by kind.
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;

constexpr int attempts_max = 3;

struct consequence {
  fault_kind kind;
  int http_status;
  int attempts;  ///< until a message that always fails so is a dead letter
  const char* reason;
};

/// Changed knowingly, or not at all: callers, dashboards and people rely on each line.
const std::vector<consequence> table{
    {fault_kind::invalid, 400, 1, "rejected"},
    {fault_kind::not_found, 404, 1, "rejected"},
    {fault_kind::conflict, 409, 1, "rejected"},
    {fault_kind::unauthorized, 401, 1, "rejected"},
    {fault_kind::forbidden, 403, 1, "rejected"},
    {fault_kind::too_large, 413, 1, "too_large"},
    {fault_kind::unsupported, 415, 1, "rejected"},
    {fault_kind::busy, 503, attempts_max, "attempts"},
    {fault_kind::overloaded, 503, attempts_max, "attempts"},
    {fault_kind::unavailable, 503, attempts_max, "attempts"},
    {fault_kind::timeout, 504, attempts_max, "attempts"},
    {fault_kind::storage, 503, attempts_max, "attempts"},
    {fault_kind::corrupt, 500, 1, "rejected"},
    {fault_kind::schema, 500, 1, "schema"},
    {fault_kind::expired, 504, 1, "expired"},
    {fault_kind::crash, 500, attempts_max, "handler_crash"},
    {fault_kind::internal, 500, 1, "rejected"},
};

TEST(FaultTable, NamesEveryKind) {
  ASSERT_EQ(table.size(), base::all_fault_facts().size());
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_EQ(table[i].kind, base::all_fault_facts()[i].kind);
}

TEST(FaultTable, SaysWhatACallerHears) {
  for (const auto& one : table)
    EXPECT_EQ(base::facts_of(one.kind).http_status, one.http_status) << base::name_of(one.kind);
}

TEST(FaultTable, SaysHowOftenAMessageIsTriedAndWhyItDies) {
  for (const auto& one : table) {
    fate what;
    told story;
    service::partition_limits limits;
    limits.retry = {attempts_max, 10ms, 20ms};
    testing::little_world world{services(what, story), 11, limits};
    if (one.kind == fault_kind::crash)
      what.throws["x"] = "a bug";
    else
      what.faults["x"] = {one.kind, "trouble", {}, {}};
    world.ask("speaker", say{"1", "k", "x"});
    world.pass(10s);
    ASSERT_EQ(story.died.size(), 1U) << base::name_of(one.kind);
    EXPECT_EQ(story.died.front().attempts_made, static_cast<std::uint64_t>(one.attempts)) << base::name_of(one.kind);
    EXPECT_EQ(story.died.front().reason, one.reason) << base::name_of(one.kind);
  }
}

/// The rest of the table: what is no trouble.
TEST(FaultTable, ANoIsAnAnswerAndNotYetCostsNothing) {
  fate what;
  told story;
  service::partition_limits limits;
  limits.retry = {1, 10ms, 20ms};
  testing::little_world world{services(what, story), 11, limits};
  what.first = [](turn&, const said& event) -> std::optional<outcome> {
    if (event.text == "no") return outcome{rejected{"not with me"}};
    return std::nullopt;
  };
  what.awaits["later"] = "other";
  what.patience = 1h;
  world.ask("speaker", say{"1", "k", "no"});
  world.ask("speaker", say{"2", "l", "later"});
  world.pass(10min);
  EXPECT_TRUE(story.died.empty());
  EXPECT_EQ(world.books("speaker:listener").processed, 1U) << "the no";
  world.ask("speaker", say{"3", "other", "now"});
  world.pass(1s);
  EXPECT_EQ(world.books("speaker:listener").processed, 3U);
  EXPECT_TRUE(story.died.empty());
}

}  // namespace
}  // namespace musiccorp

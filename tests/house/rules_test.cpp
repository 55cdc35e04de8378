// Each rule of the house fails when it should: shown on small trees that exist only here.
#include "house/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace musiccorp::house {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const floor_table floors{{"base", 0}, {"message", 2}, {"storage", 3}, {"http", 3}};

source_file file(std::string path, std::string_view include) {
  return {std::move(path), "#pragma once\n#include " + std::string{include} + "\n"};
}

TEST(Floors, AreReadFromTheTable) {
  const auto table = read_floors(
      "# Rooms\n\n| floor | rooms |\n|---|---|\n| 0 | `base` result, `clock` |\n"
      "| 2 | `message` envelope · `telemetry` metrics |\n");
  EXPECT_THAT(table, ElementsAre(Pair("base", 0), Pair("message", 2), Pair("telemetry", 2)));
}

TEST(Floors, RefuseAnIncludeThatLeadsUpstairsOrSideways) {
  EXPECT_THAT(check_floors({file("runtime/base/a.hpp", R"("message/envelope.hpp")")}, floors),
              ElementsAre("runtime/base/a.hpp:2: base (floor 0) includes message (floor 2)"));
  EXPECT_THAT(check_floors({file("runtime/http/a.cpp", R"("storage/store.hpp")")}, floors),
              ElementsAre(HasSubstr("http (floor 3) includes storage (floor 3)")));
  EXPECT_THAT(check_floors({file("runtime/http/a.cpp", "<storage/store.hpp>")}, floors),
              ElementsAre(HasSubstr("http (floor 3) includes storage (floor 3)")));
}

TEST(Floors, AllowDownstairsNeighboursAndLibraries) {
  EXPECT_THAT(
      check_floors({file("runtime/http/a.cpp", R"("base/result.hpp")"), file("runtime/http/b.cpp", R"("http/a.hpp")"),
                    file("runtime/http/c.cpp", R"("a.hpp")"), file("runtime/http/d.cpp", "<boost/beast/http.hpp>")},
                   floors),
      IsEmpty());
}

TEST(Floors, RefuseTheShopInTheRuntime) {
  EXPECT_THAT(check_floors({file("runtime/http/a.cpp", R"("actors/order/rules.hpp")")}, floors),
              ElementsAre(HasSubstr("of the shop")));
  EXPECT_THAT(
      check_floors({file("runtime/http/a.cpp", R"("order/rules.hpp")"), {"actors/order/rules.hpp", ""}}, floors),
      ElementsAre(HasSubstr("of the shop")));
}

TEST(Floors, RefuseAPathThatHidesTheRoom) {
  EXPECT_THAT(check_floors({file("runtime/base/a.cpp", R"("../storage/store.hpp")")}, floors),
              ElementsAre(HasSubstr("is in no room")));
}

TEST(Floors, RefuseATargetThatLinksUpstairs) {
  EXPECT_THAT(check_floors({{"runtime/message/CMakeLists.txt", "room(message BELOW base storage HIDES x)"}}, floors),
              ElementsAre("runtime/message/CMakeLists.txt: floor 2 links storage on floor 3"));
  EXPECT_THAT(check_floors({{"runtime/message/CMakeLists.txt", "room(message BELOW bass)"}}, floors),
              ElementsAre(HasSubstr("links bass, which is no room")));
}

TEST(Rooms, AreInTheTableAndTheTableIsTrue) {
  const floor_table small{{"base", 0}, {"http", 3}};
  EXPECT_THAT(check_rooms({{"runtime/base/a.hpp", ""}, {"runtime/http/a.hpp", ""}, {"runtime/README.md", ""}}, small),
              IsEmpty());
  EXPECT_THAT(check_rooms({{"runtime/base/a.hpp", ""}, {"runtime/attic/a.hpp", ""}}, small),
              ElementsAre(HasSubstr("runtime/attic"), HasSubstr("the room http")));
}

TEST(Services, NeverIncludeEachOther) {
  const source_file other{"actors/payment/rules.hpp", ""};
  for (const auto* include : {R"("payment/rules.hpp")", R"("actors/payment/rules.hpp")", R"("../payment/rules.hpp")"})
    EXPECT_THAT(check_services({file("actors/order/rules.cpp", include), other}, floors),
                ElementsAre(HasSubstr("actors/order/rules.cpp:2")))
        << include;
}

TEST(Services, ShareMessagesAndTheRuntime) {
  const source_file messages{"actors/messages/orders.hpp", ""};
  for (const auto* include :
       {R"("messages/orders.hpp")", R"("order/rules.hpp")", R"("rules.hpp")", R"("http/server.hpp")"})
    EXPECT_THAT(check_services({file("actors/order/rules.cpp", include), messages}, floors), IsEmpty()) << include;
}

TEST(Services, AreKnownToMainAndRosterOnly) {
  const source_file order{"actors/order/rules.hpp", ""}, main{"actors/main/main.hpp", ""};
  EXPECT_THAT(check_services({file("actors/main/main.cpp", R"("order/rules.hpp")"), order}, floors), IsEmpty());
  EXPECT_THAT(check_services({file("actors/roster/roster.cpp", R"("order/rules.hpp")"), order}, floors), IsEmpty());
  EXPECT_THAT(check_services({file("actors/messages/all.hpp", R"("order/rules.hpp")"), order}, floors),
              ElementsAre(HasSubstr("messages includes order/rules.hpp")));
  EXPECT_THAT(check_services({file("actors/roster/roster.cpp", R"("main/main.hpp")"), main}, floors),
              ElementsAre(HasSubstr("roster includes main/main.hpp")));
}

struct stranger {
  std::string path, include;
};
void PrintTo(const stranger& s, std::ostream* out) { *out << s.path << " " << s.include; }

class Homes : public testing::TestWithParam<stranger> {};

TEST_P(Homes, RefuseALibraryElsewhere) {
  EXPECT_THAT(check_homes({file(GetParam().path, GetParam().include)}), testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(All, Homes,
                         testing::Values(stranger{"runtime/service/a.cpp", "<sqlite3.h>"},
                                         stranger{"actors/order/a.cpp", "<sqlite3.h>"},
                                         stranger{"runtime/storage/a.hpp", "<sqlite3.h>"},
                                         stranger{"runtime/http/a.cpp", "<prometheus/registry.h>"},
                                         stranger{"runtime/node/a.cpp", "<spdlog/spdlog.h>"},
                                         stranger{"runtime/node/a.cpp", "<boost/beast/core.hpp>"},
                                         stranger{"runtime/node/a.cpp", "<curl/curl.h>"},
                                         stranger{"actors/payment/a.cpp", "<curl/curl.h>"},
                                         stranger{"runtime/describe/a.hpp", "<nlohmann/json.hpp>"},
                                         stranger{"runtime/service/a.hpp", "<caf/all.hpp>"},
                                         stranger{"actors/order/a.hpp", "<caf/actor.hpp>"},
                                         stranger{"actors/order/a.hpp", "<nlohmann/json_fwd.hpp>"}));

TEST(Homes, AllowEachLibraryAtHome) {
  EXPECT_THAT(
      check_homes(
          {file("runtime/storage/a.cpp", "<sqlite3.h>"), file("runtime/telemetry/a.cpp", "<prometheus/registry.h>"),
           file("runtime/telemetry/b.cpp", "<spdlog/spdlog.h>"),
           file("runtime/http/server.cpp", "<boost/beast/core.hpp>"),
           file("runtime/http/client.cpp", "<curl/curl.h>"), file("actors/notification/smtp.cpp", "<curl/curl.h>"),
           file("runtime/describe/a.cpp", "<nlohmann/json.hpp>"), file("runtime/service/a.cpp", "<caf/all.hpp>")}),
      IsEmpty());
}

TEST(Homes, BeastLivesInOneFile) {
  EXPECT_THAT(check_homes({file("runtime/http/a.cpp", "<boost/beast/core.hpp>"),
                           file("runtime/http/b.cpp", "<boost/beast/http.hpp>")}),
              ElementsAre(HasSubstr("is already in runtime/http/a.cpp")));
}

TEST(Files, HaveALimit) {
  const source_tree tree{{"runtime/base/a.cpp", "1\n2\n3\n"}, {"config/catalog.json", "1\n2\n3\n"}};
  EXPECT_THAT(check_length(tree, 3), IsEmpty());
  EXPECT_THAT(check_length(tree, 2), ElementsAre(HasSubstr("runtime/base/a.cpp: 3 lines")));
}

TEST(Tests, DoNotSleep) {
  const std::string nap =
      "sleep"
      "_for(1s);\n";
  EXPECT_THAT(check_sleeps({{"tests/unit/a.cpp", "x\nstd::this_thread::" + nap}}),
              ElementsAre(HasSubstr("tests/unit/a.cpp:2")));
  EXPECT_THAT(check_sleeps({{"tests/unit/a.cpp", "// never " + nap}, {"runtime/a.cpp", nap}}), IsEmpty());
}

TEST(Clocks, AreOfBase) {
  const std::string now = "const auto now = std::chrono::system_clock::now();\n",
                    steady = "x\nauto then = std::chrono::steady_clock::now();\n";
  EXPECT_THAT(check_clocks({{"actors/order/order_rules.cpp", now}}),
              ElementsAre(HasSubstr("actors/order/order_rules.cpp:1: system_clock::now")));
  EXPECT_THAT(check_clocks({{"runtime/service/cell.cpp", steady}}),
              ElementsAre(HasSubstr("runtime/service/cell.cpp:2: steady_clock::now")));
  EXPECT_THAT(check_clocks({{"runtime/http/a.cpp", "std::time(nullptr)"}}), ElementsAre(HasSubstr("time(nullptr)")));
  EXPECT_THAT(check_clocks({{"runtime/hospital/a.hpp", "std::random_device seed;"}}), ElementsAre(HasSubstr(":1: ")));
  EXPECT_THAT(check_clocks({{"runtime/base/clock.cpp", now},
                            {"runtime/node/shutdown.cpp", steady},
                            {"tests/unit/a.cpp", now},
                            {"runtime/service/cell.cpp", "// never " + now}}),
              IsEmpty());
}

TEST(Clocks, AreSteadyOnlyInFilesThatAreNamed) {
  const std::string steady = "auto then = std::chrono::steady_clock::now();\n",
                    renamed = "using clock = std::chrono::steady_clock;\nauto then = clock::now();\n";
  EXPECT_THAT(check_clocks({{"actors/demo/load.cpp", renamed}}), IsEmpty());
  EXPECT_THAT(
      check_clocks({{"actors/demo/other.cpp", steady}, {"actors/main/other.cpp", renamed}}),
      ElementsAre(HasSubstr("actors/demo/other.cpp:1: "), HasSubstr("actors/main/other.cpp:1: steady_clock;")));
  EXPECT_THAT(check_clocks({{"actors/demo/load.cpp", "int main() {}\n"}}),
              ElementsAre(HasSubstr("take it off the list")));
}

TEST(Top, IsExactlyTheAgreedOne) {
  std::vector<std::string> names{".ci",    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "actors",
                                 "config", "monitoring",     "musiccorp",         "runtime", "tests"};
  EXPECT_THAT(check_top(names), IsEmpty());
  names.back() = "tools";
  EXPECT_THAT(check_top(names), ElementsAre(HasSubstr("tools: is not agreed"), HasSubstr("tests: is missing")));
}

TEST(Json, IsReadable) {
  EXPECT_THAT(check_json({{"config/a.json", R"({"port": 0})"}, {"config/notes.md", "{"}}), IsEmpty());
  EXPECT_THAT(check_json({{"config/a.json", "{\"port\": 0,}"}}), ElementsAre(HasSubstr("config/a.json: ")));
}

}  // namespace
}  // namespace musiccorp::house

// What the program says to a person who typed something: help, mistakes, suggestions, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.hpp"

namespace musiccorp::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CommandLine, HelpNamesEveryVerb) {
  const auto end = run({"--help"});
  EXPECT_EQ(end.code, 0);
  for (const auto* verb : {"node", "up", "status", "demo", "hospital", "config", "schema"})
    EXPECT_THAT(end.out, HasSubstr("\n  " + std::string{verb} + " ")) << verb;
  EXPECT_THAT(end.err, IsEmpty());
}

TEST(CommandLine, HelpOfAVerbThatRunsShowsItsOptionsExitCodesAndExamples) {
  const auto node = run({"node", "--help"});
  EXPECT_EQ(node.code, 0);
  EXPECT_THAT(node.out, AllOf(HasSubstr("--config FILE REQUIRED"), HasSubstr("--data FOLDER"),
                              HasSubstr("--http HOST:PORT"), HasSubstr("--set /POINTER=VALUE"),
                              HasSubstr("78 bad configuration"), HasSubstr("\n  musiccorp node --config ")));
  EXPECT_THAT(run({"up", "--help"}).out, HasSubstr("\n  musiccorp up\n"));
  EXPECT_THAT(run({"demo", "--help"}).out, AllOf(HasSubstr("--orders N"), HasSubstr("one is broken")));
  EXPECT_THAT(run({"config", "explain", "--help"}).out, HasSubstr("--json"));
  EXPECT_THAT(run({"schema", "check", "--help"}).out, HasSubstr("--dir FOLDER"));
}

TEST(CommandLine, VersionIsALineOfItsOwn) {
  const auto end = run({"--version"});
  EXPECT_EQ(end.code, 0);
  EXPECT_THAT(end.out, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

struct mistake {
  std::vector<std::string> words;
  std::string told;
};

TEST(CommandLine, TellsWhatIsWrongAndWhatWasMeant) {
  const std::vector<mistake> mistakes{
      {{},
       "musiccorp: wanted a verb: node, up, certs, drain, repartition, status, demo, hospital, config, "
       "schema\n`musiccorp --help` tells more.\n"},
      {{"dmeo"}, "musiccorp: there is no verb 'dmeo'; did you mean demo?\n`musiccorp --help` tells more.\n"},
      {{"frobnicate"}, "musiccorp: there is no verb 'frobnicate'\n`musiccorp --help` tells more.\n"},
      {{"config", "explian"},
       "musiccorp config: there is no verb 'explian'; did you mean explain?\n"
       "`musiccorp config --help` tells more.\n"},
      {{"schema"}, "musiccorp schema: wanted a verb: write, check\n`musiccorp schema --help` tells more.\n"},
      {{"demo", "--ordres", "3"},
       "musiccorp demo: there is no option '--ordres'; did you mean --orders?\n`musiccorp demo --help` tells "
       "more.\n"},
      {{"node", "--confg=x"},
       "musiccorp node: there is no option '--confg'; did you mean --config?\n`musiccorp node --help` tells more.\n"},
      {{"node"}, "musiccorp node: --config is required\n`musiccorp node --help` tells more.\n"},
      {{"demo", "--orders", "0"},
       "musiccorp demo: --orders: Value 0 not in range 1 to 10000000\n`musiccorp demo --help` tells more.\n"},
  };
  for (const auto& [words, told] : mistakes) {
    const auto end = run(words);
    EXPECT_EQ(end.code, 64) << told;
    EXPECT_EQ(end.err, told);
    EXPECT_THAT(end.out, IsEmpty()) << told;
  }
}

TEST(CommandLine, AnOverrideWithoutPointerAndAnAddressWithoutPortAreMistakesOfTheCommandLine) {
  const auto node = std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json";
  for (const auto& words : {std::vector<std::string>{"--set", "attempts"}, {"--http", "localhost"}}) {
    const auto end = run({"config", "explain", "--config", node, words[0], words[1]});
    EXPECT_EQ(end.code, 64);
    EXPECT_THAT(end.err, AllOf(HasSubstr(words[0]), HasSubstr(words[1]), Not(HasSubstr("node.json"))));
  }
}

}  // namespace
}  // namespace musiccorp::program

// `config explain`, and what it shares with `node`: the checks that need to know the services.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.hpp"

namespace musiccorp::program {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string node_file = std::string{MUSICCORP_SOURCE_DIR} + "/config/node.json";

ending explain(std::vector<std::string> more) {
  std::vector<std::string> words{"config", "explain", "--config", node_file};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

TEST(ConfigExplain, PrintsALineForEachValue) {
  const auto end = explain({});
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_THAT(end.out, AllOf(HasSubstr("\n/http/port "), HasSubstr("\n/retry/attempts_max ")));
  EXPECT_THAT(end.err, IsEmpty());
}

TEST(ConfigExplain, PrintsJsonForPrograms) {
  const auto end = explain({"--json", "--set", "/retry/attempts_max=3"});
  EXPECT_EQ(end.code, 0) << end.err;
  const auto values = json::parse(end.out, nullptr, false);
  ASSERT_TRUE(values.is_object()) << end.out;
  EXPECT_EQ(values["/retry/attempts_max"]["value"], 3);
  EXPECT_EQ(values["/http/port"]["from"], "file");
  EXPECT_EQ(values["/http/io_threads"]["from"], "default");
  for (const auto& [pointer, one] : values.items()) EXPECT_FALSE(one["meaning"].empty()) << pointer;
}

TEST(ConfigExplain, RefusesWhatANodeWouldRefuse) {
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"/services/ordr/mailbox_limit=3", "did you mean order?"},
      {"/services/acquirer/settings/fail_percnt=3", "/services/acquirer/settings/fail_percnt: "},
      {"/services/acquirer/settings/fail_percnt=3", "did you mean fail_percent?"},
      {"/services/acquirer/settings/fail_percent=300", "/services/acquirer/settings/fail_percent: "},
      {"/imports/catalogue=x.json", "/imports/catalogue: "},
      {"/http/port=99999", "/http/port: "},
  };
  for (const auto& [override_value, told] : mistakes) {
    const auto end = explain({"--set", override_value});
    EXPECT_EQ(end.code, 78) << override_value;
    EXPECT_THAT(end.err, AllOf(HasSubstr(told), HasSubstr("--set"))) << override_value;
    EXPECT_THAT(end.out, IsEmpty());
  }
}

TEST(ConfigExplain, NamesTheFileThatIsNotThere) {
  const auto end = run({"config", "explain", "--config", "/nowhere/node.json"});
  EXPECT_EQ(end.code, 78);
  EXPECT_THAT(end.err, HasSubstr("/nowhere/node.json: "));
}

}  // namespace
}  // namespace musiccorp::program

#include "config/overrides.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "describe/json.hpp"
#include "reading.hpp"

namespace musiccorp::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

std::vector<override_value> set(std::string_view text) { return {parse_override(text).value()}; }

TEST(Override, WinsOverTheFile) {
  const auto loaded = read(R"({"http":{"port":1,"host":"::1"}})", set("/http/port=2"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.http.port, 2);
  EXPECT_EQ(loaded->effective.http.host, "::1");
  EXPECT_THAT(loaded->sources, ElementsAre(Pair("/http/host", "file"), Pair("/http/port", "--set")));
}

TEST(Override, ReachesWhatTheFileDoesNotMention) {
  const auto loaded = read("{}", set("/services/order/retry/attempts_max=3"));
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->effective.services.at("order").retry->attempts_max, 3);
}

TEST(Override, ReachesIntoTheSettingsOfAService) {
  const auto loaded =
      read(R"({"services":{"notification":{"settings":{"from":"a"}}}})", set("/services/notification/settings/n=1"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.services.at("notification").settings.text, R"({"from":"a","n":1})");
}

TEST(Override, OfAnObjectKeepsItsOtherMembers) {
  const auto loaded = read(R"({"http":{"port":1,"io_threads":3}})", set(R"(/http={"port":2})"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.http.port, 2);
  EXPECT_EQ(loaded->effective.http.io_threads, 3);
  EXPECT_THAT(loaded->sources, Contains(Pair("/http/io_threads", "file")));
}

TEST(Override, TheLastOneWins) {
  const auto loaded = read("{}", {{"/http/port", "1"}, {"/http/port", "2", "--http"}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.http.port, 2);
  EXPECT_THAT(loaded->sources, Contains(Pair("/http/port", "--http")));
}

TEST(Override, TakesTextsWithAndWithoutQuotes) {
  EXPECT_EQ(read("{}", set("/node=north"))->effective.node, "north");
  EXPECT_EQ(read("{}", set(R"(/node="north")"))->effective.node, "north");
  EXPECT_EQ(read("{}", set("/node=7"))->effective.node, "7");
  EXPECT_EQ(read("{}", set("/imports/catalog=true"))->effective.imports.at("catalog"), "true");
}

TEST(Override, PathsAreFromTheCurrentFolder) {
  EXPECT_EQ(read(R"({"data":"a"})", set("/data=b"))->effective.data, "b");
}

TEST(Override, IsRefusedInTheWordsOfTheFileAndNamesTheFlag) {
  EXPECT_EQ(refusal_of("{}", set("/retry/attempts_max=many")),
            "node.json: /retry/attempts_max: wanted an integer from 1 to 1000, found \"many\" given by --set\n");
  EXPECT_EQ(refusal_of("{}", set("/http/prot=1")),
            "node.json: /http/prot: unknown key given by --set; did you mean port?\n");
  EXPECT_EQ(refusal_of("{}", set("/services/oder/mailbox_limit=1")),
            "node.json: /services/oder: unknown service given by --set; did you mean order?\n");
  EXPECT_EQ(refusal_of("{}", set("/retry/delay_first_ms=40000")),
            "node.json: /retry/delay_first_ms: wanted at most delay_longest_ms, which is 30000, found 40000 given by "
            "--set\n");
  EXPECT_EQ(refusal_of(R"({"http":{"port":1}})", set("/http/port/x=1")),
            "node.json: /http/port/x: wanted a place that the configuration has, found a place inside a single value "
            "given by --set\n");
}

TEST(Override, DoesNotHideWhatIsWrongWithTheFile) {
  EXPECT_EQ(refusal_of(R"({"http":{"port":-1}})", set("/http/port=1")),
            "node.json: /http/port: wanted an integer from 0 to 65535, found -1\n");
}

TEST(Override, NeedsAPointerAndAValue) {
  EXPECT_EQ(report(parse_override("http").error(), "--set"),
            "--set: wanted /POINTER=VALUE such as /http/port=8080, found \"http\"\n");
  EXPECT_EQ(report(parse_override("http.port=80").error(), "--set"),
            "--set: wanted /POINTER=VALUE such as /http/port=8080, found \"http.port=80\"; did you mean "
            "/http/port=80?\n");
}

TEST(Override, OfAnEndlessPointerIsRefused) {
  std::string pointer;
  for (int step = 0; step < 60'000; ++step) pointer += "/a";
  const auto parsed = parse_override(pointer + "=1");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().problems.front().wanted, "a pointer of at most 512 bytes");
}

TEST(Override, OfEndlessNestingIsRefused) {
  const std::string deep = std::string(60'000, '[') + std::string(60'000, ']');
  EXPECT_EQ(refusal_of("{}", set("/services/order/settings=" + deep)),
            "node.json: /services/order/settings: wanted at most 32 levels, found deeper nesting given by --set\n");
}

TEST(Override, ValuesMayContainEqualsSigns) { EXPECT_EQ(parse_override("/node=a=b")->value, "a=b"); }

TEST(HttpFlag, SetsHostAndPort) {
  const auto loaded = read("{}", http_overrides("0.0.0.0:0").value());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->effective.http.host, "0.0.0.0");
  EXPECT_EQ(loaded->effective.http.port, 0);
  EXPECT_THAT(loaded->sources, ElementsAre(Pair("/http/host", "--http"), Pair("/http/port", "--http")));
}

TEST(HttpFlag, TakesIPv6InBrackets) {
  EXPECT_EQ(read("{}", http_overrides("[::1]:80").value())->effective.http.host, "::1");
  EXPECT_FALSE(http_overrides("::1:80"));
}

TEST(HttpFlag, IsRefusedWithWhatWasMeant) {
  EXPECT_EQ(report(http_overrides("8080").error(), "--http"),
            "--http: wanted HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, found \"8080\"; did you mean "
            "127.0.0.1:8080?\n");
  EXPECT_EQ(report(http_overrides(":1").error(), "--http"),
            "--http: wanted HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, found \":1\"\n");
  EXPECT_EQ(refusal_of("{}", http_overrides("localhost:http").value()),
            "node.json: /http/port: wanted an integer from 0 to 65535, found \"http\" given by --http\n");
}

}  // namespace
}  // namespace musiccorp::config

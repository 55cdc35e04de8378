// `musiccorp status`: what runs in a shop, and what has failed, for a person and for a script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "demo/shop_client.hpp"
#include "messages/pricing_messages.hpp"
#include "program.hpp"

namespace musiccorp::program {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

class StatusVerb : public ::testing::Test {
 protected:
  void SetUp() override { shop_.start(); }

  [[nodiscard]] ending status(std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"status", "--shop", shop_.url()});
    return run(words);
  }
  /// A price job whose worker throws until its attempts are used up: two, for this type of message.
  void poison() {
    const demo::shop_client client{connection_, shop_.url()};
    ASSERT_TRUE(client.post<messages::price_job_summary>(
        "/pricing/jobs", describe::to_json(messages::create_price_job{"MC-0001", -100}), 202));
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    json cases;
    while (cases.empty()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << status().out;
      cases = json::parse(client.get("/hospital/cases").value()).at("cases");
    }
    EXPECT_EQ(cases.at(0).at("attempts"), 2);
    while (status().out.find("survived 2 crashes") == std::string::npos)
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << status().out;
  }
  int act(const std::string& path) {
    const demo::shop_client client{connection_, shop_.url()};
    const auto said = connection_.fetch(client.post_request(path, R"({"by":"the test","reason":"to see it"})"));
    return said ? said->status : 0;
  }

  testing::temporary_folder folder_;
  http::client connection_;
  testing::shop_process shop_{
      folder_.path(),
      {"--set", "/durability=process", "--set", R"(/services/pricing/retry_by_type={"reprice":{"attempts_max":2}})"}};
};

TEST_F(StatusVerb, ShowsTheTreeAndEndsWithZeroWhenAllOfItIsUp) {
  const auto end = status();
  EXPECT_EQ(end.code, 0) << end.out << end.err;
  EXPECT_THAT(end.out, HasSubstr("node at " + shop_.url() + ", may restart 3 more\n"));
  EXPECT_THAT(end.out, ContainsRegex("\n    order  +up for [0-9]+ s, may restart 5 more\n"));
  EXPECT_THAT(end.out, ContainsRegex("\n  gateway  +up for"));
  EXPECT_THAT(end.out, Not(HasSubstr("last:")));
  EXPECT_THAT(end.err, IsEmpty());
}

TEST_F(StatusVerb, TellsWhatHasFailedInALineAndOnRequestAllOfIt) {
  poison();
  const auto end = status();
  EXPECT_EQ(end.code, 0) << "it survived";
  EXPECT_THAT(end.out, ContainsRegex("last: crash [0-9]+ s ago: "));
  EXPECT_THAT(end.out, Not(HasSubstr("while handling")));

  const auto all = status({"--causes"});
  EXPECT_THAT(all.out,
              ContainsRegex("crash [0-9]+ s ago: .* \\(survived\\)\n +while handling [0-9A-Z]{26}\n +.*\\+0x"));
  const auto first = all.out.find("while handling");
  EXPECT_NE(all.out.find("while handling", first + 1), std::string::npos) << "both crashes:\n" << all.out;
  EXPECT_THAT(all.out, Not(HasSubstr("last:")));
}

TEST_F(StatusVerb, EndsWithOneWhenSomethingIsStopped) {
  EXPECT_EQ(act("/supervision/pricing/stop"), 200);
  const auto end = status();
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.out, ContainsRegex("\n    pricing  +stopped for"));
  EXPECT_EQ(act("/supervision/pricing/start"), 200);
  EXPECT_EQ(status().code, 0);
}

TEST_F(StatusVerb, PrintsThePageForPrograms) {
  const auto end = status({"--json"});
  EXPECT_EQ(end.code, 0);
  const auto page = json::parse(end.out, nullptr, false);
  ASSERT_TRUE(page.is_object()) << end.out;
  EXPECT_EQ(page.at("tree").at(0).at("path"), "node");
}

TEST_F(StatusVerb, EndsWith69WhenThereIsNoShop) {
  const auto url = shop_.url();
  shop_.kill();
  const auto end = run({"status", "--shop", url});
  EXPECT_EQ(end.code, 69);
  EXPECT_THAT(end.err, AllOf(HasSubstr(url), HasSubstr("does not answer")));
  EXPECT_THAT(end.out, IsEmpty());
}

}  // namespace
}  // namespace musiccorp::program

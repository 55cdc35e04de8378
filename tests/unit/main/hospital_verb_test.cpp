// `musiccorp hospital`: what a person types and reads, and the exit codes that a script sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "http/client.hpp"
#include "program.hpp"
#include "support/eventually.hpp"

namespace musiccorp::program {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Hospital : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place_ = new testing::temporary_folder;
    shop_ = new testing::shop_process{place_->path(), {"--set", "/durability=process"}};
    shop_->start();
  }
  static void TearDownTestSuite() {
    delete shop_;
    delete place_;
  }

  /// `hospital <words> --shop <the running one>`
  static ending hospital(std::vector<std::string> words) {
    words.insert(words.begin(), "hospital");
    words.insert(words.end(), {"--shop", shop_->url()});
    return run(words);
  }

 private:
  static inline testing::temporary_folder* place_ = nullptr;
  static inline testing::shop_process* shop_ = nullptr;
};

TEST_F(Hospital, SaysThatNothingIsDead) {
  const auto list = hospital({"list"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_EQ(list.out, "No cases: nothing is dead here.\n");
  EXPECT_EQ(hospital({"groups"}).out, "No groups: nothing is dead here.\n");
  EXPECT_EQ(hospital({"batch", "list"}).out, "No batches.\n");
  EXPECT_EQ(hospital({"audit"}).out, "Nobody has done anything.\n");
}

TEST_F(Hospital, PrintsJsonForPrograms) {
  const auto end = hospital({"list", "--json", "--state", "open", "--service", "order"});
  EXPECT_EQ(end.code, 0) << end.err;
  const auto answer = json::parse(end.out, nullptr, false);
  EXPECT_TRUE(answer["cases"].empty()) << end.out;
  EXPECT_EQ(answer["next_page_token"], "");
}

TEST_F(Hospital, EndsWithOneAndTheShopsWordsWhenItRefuses) {
  const auto end = hospital({"show", "order.payment.99"});
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.err, AllOf(StartsWith("musiccorp hospital: "), HasSubstr("no case order.payment.99")));
  EXPECT_THAT(end.out, IsEmpty());
  EXPECT_EQ(hospital({"replay", "order.payment.99"}).code, 1);
  EXPECT_EQ(hospital({"batch", "cancel", "none"}).code, 1);
  EXPECT_EQ(hospital({"batch", "start", "--reason", "all of them"}).code, 1);
}

TEST_F(Hospital, TellsWhatTheShopWouldHaveWanted) {
  const auto end = hospital({"list", "--state", "alive"});
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.err, AllOf(HasSubstr("/state: found \"alive\""), HasSubstr("replaying")));
}

TEST_F(Hospital, CountsWhatABatchWouldHold) {
  EXPECT_EQ(hospital({"batch", "start", "--dry-run", "--reason", "just looking"}).out, "It would be 0 cases.\n");
}

TEST_F(Hospital, RefusesAPayloadThatIsNoJsonBeforeItAsks) {
  const testing::temporary_folder folder;
  const auto file = (folder.path() / "payload.json").string();
  write(file, "{\"weight\": ");
  const auto end = hospital({"edit", "order.payment.1", "--payload", file, "--reason", "x"});
  EXPECT_EQ(end.code, 1);
  EXPECT_THAT(end.err, HasSubstr(file));
}

/// The shop's planted bug: a price job of -100 percent.
TEST(HospitalVerb, ShowsADeadLetterAndActsOnIt) {
  const testing::temporary_folder place;
  testing::shop_process shop{place.path(), {"--set", "/durability=process", "--set", "/retry/attempts_max=2"}};
  shop.start();
  http::client connection;
  const auto start_job = [&] {
    const auto posted = connection.fetch({.method = "POST",
                                          .url = shop.url() + "/pricing/jobs",
                                          .headers = {{"content-type", "application/json"}},
                                          .body = R"({"sku": "MC-0001", "percent": -100})"});
    return posted ? posted->status : 0;
  };
  ASSERT_EQ(start_job(), 202);
  const auto say = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "hospital");
    words.insert(words.end(), {"--shop", shop.url()});
    return run(words);
  };
  const auto cases_in = [&](const std::string& state) {
    return json::parse(say({"list", "--service", "pricing", "--state", state, "--json"}).out)["cases"];
  };
  const auto wait_for = [&](const std::string& state) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    auto found = cases_in(state);
    while (found.empty() && std::chrono::steady_clock::now() < end) found = cases_in(state);
    return found;
  };
  const auto open = wait_for("open");
  ASSERT_EQ(open.size(), 1U) << shop.log_end();
  const std::string id = open[0]["case_id"];
  EXPECT_THAT(say({"list"}).out, AllOf(StartsWith("CASE "), HasSubstr("\n" + id + "  open  ")));
  EXPECT_THAT(say({"show", id}).out, AllOf(HasSubstr("no price of zero"), HasSubstr("ATTEMPT")));
  EXPECT_THAT(say({"show", id}).out, HasSubstr("parked behind   0\n"));
  ASSERT_EQ(start_job(), 202);
  EXPECT_TRUE(testing::eventually([&] {
    return ::testing::Matches(HasSubstr("parked behind   1\n                reprice "))(say({"show", id}).out);
  })) << say({"show", id}).out;
  EXPECT_THAT(say({"groups"}).out, HasSubstr("no price of zero"));
  EXPECT_THAT(say({"rehearse", id}).out, HasSubstr("a replay now    crash\n"));
  EXPECT_EQ(say({"replay", id, "--case-version", "77"}).code, 1);
  EXPECT_EQ(say({"discard", id, "--reason", "a slip", "--hold", "600"}).out, id + ": discarding, version 2\n");
  EXPECT_EQ(say({"keep", id}).out, id + ": open, version 3\n");
  EXPECT_EQ(say({"keep", id}).code, 1);
  EXPECT_EQ(say({"discard", id, "--reason", "a joke", "--by", "kim", "--with-followers"}).out,
            id + ": discarding, version 4\n");
  EXPECT_EQ(wait_for("discarded").size(), 1U);
  EXPECT_THAT(say({"audit"}).out, AllOf(HasSubstr("kim"), HasSubstr("a joke"), HasSubstr("3->4")));
}

TEST(HospitalVerb, EndsWith69WhenThereIsNoShop) {
  const auto end = run({"hospital", "list", "--shop", "http://127.0.0.1:1"});
  EXPECT_EQ(end.code, 69);
  EXPECT_THAT(end.err, AllOf(HasSubstr("http://127.0.0.1:1"), HasSubstr("--shop URL")));
}

TEST(HospitalVerb, EndsWith64ForAWrongCommandLine) {
  EXPECT_EQ(run({"hospital"}).code, 64);
  EXPECT_EQ(run({"hospital", "lits"}).code, 64);
  EXPECT_THAT(run({"hospital", "lits"}).err, HasSubstr("did you mean list?"));
  EXPECT_EQ(run({"hospital", "discard", "order.payment.1"}).code, 64);
  EXPECT_THAT(run({"hospital", "discard", "order.payment.1"}).err, HasSubstr("--reason is required"));
  EXPECT_EQ(run({"hospital", "edit", "order.payment.1", "--reason", "x"}).code, 64);
  EXPECT_THAT(run({"hospital", "list", "--stat", "open"}).err, HasSubstr("did you mean --state?"));
}

TEST(HospitalVerb, HelpIsWorthReading) {
  EXPECT_THAT(run({"hospital", "--help"}).out, AllOf(HasSubstr("Exit codes: 0 done"), HasSubstr("--canary 3")));
  EXPECT_THAT(run({"hospital", "edit", "--help"}).out, AllOf(HasSubstr("--payload FILE"), HasSubstr("new id")));
  EXPECT_THAT(run({"hospital", "batch", "--help"}).out, HasSubstr("--stop-after K"));
}

}  // namespace
}  // namespace musiccorp::program

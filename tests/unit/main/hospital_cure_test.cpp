// `musiccorp hospital` on dead letters of a running shop: mending one, and many at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "demo/shop_client.hpp"
#include "messages/pricing_messages.hpp"
#include "program.hpp"
#include "support/eventually.hpp"

namespace musiccorp::program {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::eventually;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// A shop with dead price jobs of -100 percent, the shop's planted bug, for as many items.
class HospitalCure : public ::testing::Test {
 protected:
  HospitalCure() {
    shop_.start();
    const demo::shop_client client{connection_, shop_.url()};
    for (int i = 1; i <= 5; ++i)
      EXPECT_TRUE(client.post<messages::price_job_summary>(
          "/pricing/jobs", describe::to_json(messages::create_price_job{"MC-000" + std::to_string(i), -100}), 202));
    EXPECT_TRUE(eventually([&] { return cases("open").size() == 5; })) << hospital({"list"}).out;
  }
  ending hospital(std::vector<std::string> words) const {
    words.insert(words.begin(), "hospital");
    words.insert(words.end(), {"--shop", shop_.url()});
    return run(words);
  }
  json told(std::vector<std::string> words) const {
    words.emplace_back("--json");
    const auto end = hospital(std::move(words));
    EXPECT_EQ(end.code, 0) << end.err;
    return json::parse(end.out, nullptr, false);
  }
  json cases(const std::string& state) const {
    return told({"list", "--service", "pricing", "--state", state}).at("cases");
  }
  std::string state_of(const std::string& id) const { return told({"show", id}).at("state"); }

  testing::temporary_folder folder_;
  http::client connection_;
  testing::shop_process shop_{folder_.path(), {"--set", "/durability=process", "--set", "/retry/attempts_max=1"}};
};

TEST_F(HospitalCure, MendsOneAndTriesOneAgain) {
  const std::string first = cases("open").at(0).at("case_id"), second = cases("open").at(1).at("case_id");
  auto payload = told({"show", first, "--reveal", "--reason", "to mend it"}).at("message").at("payload");
  ASSERT_EQ(payload.at("percent"), -100) << payload;
  payload["percent"] = 10;
  const auto file = folder_.path() / "mended.json";
  write(file, payload.dump());
  const auto mended =
      hospital({"edit", first, "--payload", file.string(), "--reason", "a typing error", "--by", "kim"});
  EXPECT_EQ(mended.code, 0) << mended.err;
  EXPECT_THAT(mended.out, StartsWith(first + ": replaying"));
  EXPECT_TRUE(eventually([&] { return state_of(first) == "healed"; })) << hospital({"show", first}).out;
  EXPECT_THAT(hospital({"show", first}).out, HasSubstr("kim"));

  const auto again = told({"replay", second, "--reason", "perhaps it is mended"});
  EXPECT_EQ(again.at("case_id"), second);
  EXPECT_TRUE(eventually([&] {
    return state_of(second) == "open" && told({"show", second}).at("attempts") == 2;
  })) << hospital({"show", second}).out;
  EXPECT_EQ(hospital({"replay", "pricing.pricing.999"}).code, 1) << "there is none";
}

TEST_F(HospitalCure, StopsABatchThatHelpsNobodyAndBuriesTheRestInAnother) {
  const auto started = told(
      {"batch", "start", "--service", "pricing", "--canary", "1", "--stop-after", "1", "--reason", "is it mended?"});
  const std::string id = started.at("batch_id");
  EXPECT_TRUE(eventually([&] {
    return told({"batch", "show", id}).at("state") == "stopped";
  })) << hospital({"batch", "show", id}).out;
  EXPECT_TRUE(eventually([&] { return cases("open").size() == 5; })) << "one more attempt of one of them, no more";
  EXPECT_THAT(hospital({"batch", "show", id}).out, HasSubstr("stopped"));
  EXPECT_THAT(hospital({"batch", "list"}).out, HasSubstr(id));

  const auto buried =
      hospital({"batch", "start", "--action", "discard", "--service", "pricing", "--reason", "never mind"});
  EXPECT_EQ(buried.code, 0) << buried.err;
  EXPECT_TRUE(eventually([&] { return cases("discarded").size() == 5; }));
  EXPECT_EQ(told({"batch", "list"}).at("batches").size(), 2U);
  EXPECT_EQ(hospital({"batch", "show", "no-such-batch"}).code, 1);
}

TEST_F(HospitalCure, CancelsABatchAndWhatItHasNotSentStaysAsItIs) {
  const auto five = told({"batch", "start", "--dry-run", "--service", "pricing", "--reason", "how many?"});
  EXPECT_EQ(five.at("total"), 5);
  EXPECT_EQ(hospital({"batch", "start", "--dry-run", "--service", "pricing", "--reason", "how many?"}).out,
            "It would be 5 cases.\n");
  EXPECT_EQ(told({"batch", "list"}).at("batches").size(), 0U) << "nothing was begun";

  const auto started = told({"batch", "start", "--action", "discard", "--service", "pricing", "--rate", "1",
                             "--reason", "never mind", "--by", "kim"});
  const std::string id = started.at("batch_id");
  const auto cancelled = hospital({"batch", "cancel", id, "--by", "lee", "--reason", "the wrong ones"});
  EXPECT_EQ(cancelled.code, 0) << cancelled.err;
  EXPECT_THAT(cancelled.out, AllOf(HasSubstr(id), HasSubstr("cancelled")));
  const auto batch = told({"batch", "show", id});
  EXPECT_EQ(batch.at("state"), "cancelled");
  const auto begun = batch.at("sent").get<std::size_t>() + batch.at("discarded").get<std::size_t>();
  EXPECT_LT(begun, 5U);
  EXPECT_TRUE(eventually([&] { return cases("discarded").size() == begun; }));
  EXPECT_EQ(cases("open").size(), 5 - begun);
  EXPECT_EQ(hospital({"batch", "cancel", id}).code, 1) << "it is over";
  const auto trail = told({"audit"}).at("entries");
  EXPECT_EQ(trail.at(0).at("action"), "cancel_batch");
  EXPECT_EQ(trail.at(0).at("by"), "lee");
  EXPECT_EQ(trail.at(0).at("batch_id"), id);
}

TEST_F(HospitalCure, TellsProgramsAllThatItTellsPeople) {
  const auto listed = told({"list"}).at("cases");
  ASSERT_EQ(listed.size(), 5U);
  const std::string id = listed.at(0).at("case_id");
  for (const auto* field : {"version", "service", "type", "key", "reason", "state", "attempts", "error"})
    EXPECT_TRUE(listed.at(0).contains(field)) << field;
  EXPECT_EQ(told({"list", "--limit", "2"}).at("cases").size(), 2U);

  const auto groups = told({"groups"}).at("groups");
  ASSERT_EQ(groups.size(), 1U) << "one bug";
  EXPECT_EQ(groups.at(0).at("service"), "pricing");
  EXPECT_EQ(groups.at(0).at("open"), 5);
  EXPECT_THAT(groups.at(0).at("error").get<std::string>(), HasSubstr("no price of zero"));

  const auto story = told({"show", id});
  EXPECT_EQ(story.at("case_id"), id);
  EXPECT_EQ(story.at("attempt_records").size(), 1U);
  EXPECT_EQ(story.at("message").at("payload").at("percent"), -100);

  const auto buried = told({"discard", id, "--reason", "a joke", "--by", "kim"});
  EXPECT_EQ(buried.at("version"), listed.at(0).at("version").get<int>() + 1);
  const auto trail = told({"audit"}).at("entries");
  ASSERT_EQ(trail.size(), 1U);
  EXPECT_EQ(trail.at(0).at("by"), "kim");
  EXPECT_EQ(trail.at(0).at("action"), "discard");
  EXPECT_EQ(trail.at(0).at("case_id"), id);
  EXPECT_EQ(trail.at(0).at("reason"), "a joke");
}

TEST_F(HospitalCure, RefusesAPayloadThatIsNoMessageOfItsTypeAndPointsAtIt) {
  const std::string id = cases("open").at(0).at("case_id");
  auto payload = told({"show", id}).at("message").at("payload");
  payload["percent"] = "ten";
  const auto file = folder_.path() / "wrong.json";
  write(file, payload.dump());
  const auto refused = hospital({"edit", id, "--payload", file.string(), "--reason", "a typing error"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("/percent: expected an integer"), HasSubstr("\"ten\"")));
  EXPECT_EQ(state_of(id), "open");
  EXPECT_EQ(told({"show", id}).at("attempts"), 1) << "it was not tried";
  EXPECT_EQ(told({"audit"}).at("entries").size(), 0U);
}

}  // namespace
}  // namespace musiccorp::program

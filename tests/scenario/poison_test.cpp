// Messages that kill the process, for real: the culprit is named, handled alone, and in the hospital after at most
// two deaths; nothing else is lost or blamed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "delivery/slots_file.hpp"
#include "demo/child_process.hpp"
#include "demo/shop_client.hpp"
#include "http/client.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/memory_cgroup.hpp"
#include "support/process.hpp"
#include "support/store_reader.hpp"

namespace musiccorp {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using nlohmann::json;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto patience = 60s;

class PoisonTest : public ::testing::Test {
 protected:
  PoisonTest() {
    // A sanitizer's own handler would report and end the process before ours has written anything.
    setenv("ASAN_OPTIONS", "allow_user_segv_handler=1:symbolize=0:detect_leaks=0:handle_abort=0", 1);
  }

  void start() {
    std::vector<std::string> arguments{folder_.path().string()};
    arguments.push_back(std::to_string(memory_));
    arguments.push_back(std::to_string(deaths_max_.value_or(0)));
    if (deadline_ms_) arguments.push_back(std::to_string(*deadline_ms_));
    demo::child_options node{MUSICCORP_POISON_NODE, arguments, folder_.path() / "node.log"};
    auto started = demo::child_process::start(group_ ? group_->inside(std::move(node)) : node);
    ASSERT_TRUE(started) << started.error().text;
    process_.emplace(std::move(*started));
    up_ = false;
  }
  /// True when it says that it is ready; false when it died before. It may die right after.
  bool is_up() {
    if (up_) return true;
    const auto line = process_->wait_for_line("ready ", patience);
    if (!line) return false;
    up_ = true;
    url_ = line->substr(6);
    return true;
  }

  std::optional<json> ask(const std::string& method, const std::string& path, const json& body = {}) {
    http::client_request request;
    request.method = method;
    request.url = url_ + path;
    if (!body.is_null()) {
      request.headers.push_back({"content-type", "application/json"});
      request.body = body.dump();
    }
    const auto said = connection_.fetch(request);
    if (!said || said->status >= 300) return std::nullopt;
    return json::parse(said->body);
  }
  bool say(const std::string& key, const std::string& text) {
    return ask("POST", "/says", {{"id", std::to_string(++ids_)}, {"key", key}, {"text", text}}).has_value();
  }
  std::vector<std::string> heard(const std::string& by, const std::string& key) {
    const auto said = ask("GET", "/" + by + "/" + key);
    return said ? said->at("texts").get<std::vector<std::string>>() : std::vector<std::string>{};
  }
  /// Starts it again and again until it lives, and everybody heard the innocent. Counts how often it died.
  int deaths_until_quiet(const std::vector<std::string>& keys) {
    for (int deaths = 0; deaths < 10; ++deaths) {
      const auto all_heard = [&] {
        for (const auto* by : {"anna", "bert", "carl"})
          for (const auto& key : keys)
            if (heard(by, key).empty()) return false;
        return true;
      };
      if (is_up() &&
          eventually([&] { return !process_->is_running() || (all_heard() && has_cases(wanted_cases_)); }) &&
          process_->is_running())
        return deaths;
      (void)process_->wait(patience);
      start();
    }
    return 10;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream stream{folder_.path() / "node.log", std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  bool has_cases(std::size_t wanted) {
    const auto listed = ask("GET", "/hospital/cases");
    return listed && listed->at("cases").size() == wanted;
  }
  json only_case() {
    const auto listed = ask("GET", "/hospital/cases").value();
    return ask("GET", "/hospital/cases/" + listed.at("cases").at(0).at("case_id").get<std::string>()).value();
  }
  struct charge {
    std::string service, message;
    friend auto operator<=>(const charge&, const charge&) = default;
    friend std::ostream& operator<<(std::ostream& to, const charge& one) {
      return to << one.service << ": " << one.message;
    }
  };
  /// Whoever was charged with a death by any of these processes, cleared later or not: each says so in its log.
  [[nodiscard]] std::set<charge> charged() const {
    std::set<charge> found;
    for (const auto& line : log_lines("process-death-attributed"))
      if (line.at("deaths") > 0) found.insert({line.at("service"), line.at("id")});
    return found;
  }
  void stop(const std::set<charge>& guilty) {
    expect_ledger_zero({connection_, url_});
    process_->send(SIGTERM);
    EXPECT_EQ(process_->wait(patience), (demo::process_end{0, 0}));
    EXPECT_EQ(charged(), guilty);
    EXPECT_THAT(log_lines("message-retried"), IsEmpty()) << "nobody else has failed";
    for (const auto* name : {"anna", "bert", "carl"})
      EXPECT_EQ(store_reader{folder_.path() / (std::string{name} + ".db")}.number(
                    "SELECT count(*) FROM suspect WHERE deaths > 0"),
                0)
          << name;
  }
  [[nodiscard]] std::vector<json> log_lines(const std::string& event) const {
    std::vector<json> found;
    std::istringstream all{log()};
    for (std::string text; std::getline(all, text);)
      if (auto line = json::parse(text, nullptr, false); line.is_object() && line.value("event", "") == event)
        found.push_back(std::move(line));
    return found;
  }
  void TearDown() override {
    if (HasFailure()) folder_.keep();
  }

  /// The culprit among innocents, from its first death to its case.
  void expect_named(const std::string& poison, int deaths_wanted, const std::string& told, const std::string& frame) {
    start();
    ASSERT_TRUE(is_up());
    std::vector<std::string> keys;
    for (int i = 0; i < 10; ++i) {
      keys.push_back("k" + std::to_string(i));
      ASSERT_TRUE(say(keys.back(), "fine"));
    }
    (void)say("poisoned", poison + "@bert");
    const auto died = process_->wait(patience);
    ASSERT_TRUE(died) << "the poison did not work";
    start();
    wanted_cases_ = 1;
    EXPECT_EQ(deaths_until_quiet(keys) + 1, deaths_wanted);
    const auto story = only_case();
    EXPECT_EQ(story.at("service"), "bert");
    EXPECT_EQ(story.at("key"), "poisoned");
    EXPECT_EQ(story.at("reason"), "handler_crash");
    expect_deaths(story, deaths_wanted, told, frame);
    EXPECT_EQ(heard("anna", "poisoned").size(), 1U) << "the others handled it";
    EXPECT_EQ(heard("bert", "poisoned").size(), 0U);
    for (const auto& key : keys)
      for (const auto* by : {"anna", "bert", "carl"}) EXPECT_EQ(heard(by, key).size(), 1U) << by << " " << key;
    stop({culprit(story)});
  }
  /// One message is in flight in each service, until there is a file `go`.
  void hold_everybody() {
    for (const auto* name : {"anna", "bert", "carl"})
      std::filesystem::remove(folder_.path() / ("in-flight-" + std::string{name}));
    (void)say("held", "everybody waits");
    for (const auto* name : {"anna", "bert", "carl"})
      ASSERT_TRUE(eventually([&] {
        return std::filesystem::exists(folder_.path() / ("in-flight-" + std::string{name}));
      })) << name;
  }
  /// What the process left in its slots is from the time before the machine came up.
  void lose_power() {
    using namespace delivery::slots_file;
    std::fstream slots{folder_.path() / "slots", std::ios::binary | std::ios::in | std::ios::out};
    header head{};
    slots.read(reinterpret_cast<char*>(&head), sizeof head);
    ASSERT_TRUE(slots) << "there is no file of slots";
    head.boot_id.front() = head.boot_id.front() == 'x' ? 'y' : 'x';
    head.checksum = checksum_of(head);
    slots.seekp(0);
    slots.write(reinterpret_cast<const char*>(&head), sizeof head);
  }
  static charge culprit(const json& story) { return {story.at("service"), story.at("message").at("id")}; }
  /// Each death of the process is one attempt, with all that is to be known of it.
  static void expect_deaths(const json& story, int deaths, const std::string& told, const std::string& frame) {
    EXPECT_EQ(story.at("attempts"), deaths);
    const auto& attempts = story.at("attempt_records");
    ASSERT_EQ(attempts.size(), static_cast<std::size_t>(deaths)) << attempts.dump(2);
    std::string before;
    for (int i = 0; i < deaths; ++i) {
      const auto& one = attempts.at(static_cast<std::size_t>(i));
      SCOPED_TRACE(one.dump(2));
      EXPECT_EQ(one.at("number"), i + 1);
      EXPECT_EQ(one.at("outcome"), "killed the process");
      EXPECT_EQ(one.at("kind"), "crash");
      EXPECT_THAT(one.at("text").get<std::string>(), HasSubstr(told));
      EXPECT_THAT(one.value("backtrace", ""), HasSubstr(frame));
      EXPECT_EQ(one.at("node"), "ward");
      EXPECT_EQ(one.at("version"), "7");
      EXPECT_LT(before, one.at("started").get<std::string>()) << "after the one before";
      EXPECT_LT(one.at("started"), one.at("ended")) << "until the next process found it";
      before = one.at("ended").get<std::string>();
    }
  }

  temporary_folder folder_;
  std::size_t memory_ = 0;
  std::optional<memory_cgroup> group_;  ///< it outlives the process
  std::size_t wanted_cases_ = 0;
  std::optional<int> deaths_max_;
  std::optional<int> deadline_ms_;
  std::string url_;

 private:
  std::optional<demo::child_process> process_;
  http::client connection_;
  bool up_ = false;  ///< this process has said that it is ready
  int ids_ = 0;

 protected:
  demo::child_process& process() { return *process_; }
};

TEST_F(PoisonTest, AnAbortIsNamed) { expect_named("abort", 2, "SIGABRT", "poison_aborts"); }

TEST_F(PoisonTest, ANullDereferenceIsNamed) { expect_named("null", 2, "SIGSEGV", "poison_reads_null"); }

TEST_F(PoisonTest, AnOverflownStackIsNamed) { expect_named("recursion", 2, "SIGSEGV", "poison_recurses"); }

/// A thread that hangs can't be stopped; its process can, by a signal that goes to that thread.
TEST_F(PoisonTest, ARuleThatNeverEndsIsNamed) {
  deadline_ms_ = 2'000;
  expect_named("hang", 2, "SIGABRT", "poison_hangs");
}

TEST_F(PoisonTest, MemoryPastItsLimitIsNamed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow memory needs more than any limit";
#endif
  memory_ = 3UL << 30;
  expect_named("memory", 2, "SIGABRT", "poison_eats_memory");
}

/// The kernel's own way to end a process leaves no mark; what it counts is evidence enough.
TEST_F(PoisonTest, MemoryThatTheKernelKillsForIsNamed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow memory needs more than any limit";
#endif
  auto group = memory_cgroup::make(512U << 20);
  if (!group) GTEST_SKIP() << group.error().text;
  group_.emplace(std::move(*group));
  expect_named("memory", 2, "the kernel killed for want of memory", "");
}

/// Without a mark and without a trace in the kernel's counts: nobody is believed before the third time alone.
TEST_F(PoisonTest, AMessageThatKillsWithoutATraceIsNamedInTheEnd) { expect_named("kill", 4, "", ""); }

/// They came after its death, and it can't be rehearsed; its case names them all the same. While its service hangs
/// the case is shown, too, and says that nobody knows.
TEST_F(PoisonTest, WhatIsParkedBehindAProcessKillerIsNamed) {
  start();
  ASSERT_TRUE(is_up());
  (void)say("poisoned", "abort@bert");
  ASSERT_TRUE(process().wait(patience));
  start();
  wanted_cases_ = 1;
  (void)deaths_until_quiet({});
  EXPECT_EQ(only_case().at("followers").at("count"), 0);
  ASSERT_TRUE(say("poisoned", "second"));
  ASSERT_TRUE(say("poisoned", "third"));
  ASSERT_TRUE(eventually([&] { return only_case().at("followers").at("count") == 2; }));
  const auto story = only_case();
  EXPECT_EQ(story.at("parked"), 0) << "at its death";
  const auto& first = story.at("followers").at("first");
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first.at(0).at("type"), story.at("type"));
  EXPECT_LT(first.at(0).at("seq"), first.at(1).at("seq"));
  EXPECT_NE(first.at(0).at("id"), story.at("message").at("id"));

  (void)say("held", "everybody waits");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_.path() / "in-flight-bert"); }));
  const auto alone = only_case();
  EXPECT_EQ(alone.at("state"), "open");
  EXPECT_FALSE(alone.contains("followers")) << alone.dump(2);
  std::ofstream{folder_.path() / "go"} << "go";
  ASSERT_TRUE(eventually([&] { return heard("bert", "held").size() == 1; }));
  EXPECT_EQ(only_case().at("followers").at("count"), 2);
  stop({culprit(story)});
}

/// The tale without its end: with the limit switched off, node after node dies of the same message.
TEST_F(PoisonTest, WithoutALimitNodeAfterNodeDies) {
  deaths_max_ = 1'000'000;
  start();
  ASSERT_TRUE(is_up());
  (void)say("poisoned", "abort@bert");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(process().wait(patience)) << "it lives, after " << i << " deaths";
    start();
    (void)is_up();
  }
  ASSERT_TRUE(process().wait(patience));
  deaths_max_.reset();
  start();
  wanted_cases_ = 1;
  EXPECT_LE(deaths_until_quiet({}), 1) << "the limit is on again";
  const auto story = only_case();
  EXPECT_EQ(story.at("key"), "poisoned");
  EXPECT_GE(story.at("attempts"), 6);
  expect_deaths(story, story.at("attempts"), "SIGABRT", "poison_aborts");
  stop({culprit(story)});
}

/// They are in flight at the same time, one in each service. Each costs its two deaths; none costs another one any.
TEST_F(PoisonTest, SeveralAtOnceAreEachNamed) {
  start();
  ASSERT_TRUE(is_up());
  hold_everybody();
  for (const auto* text : {"abort@anna", "null@bert", "recursion@carl"}) ASSERT_TRUE(say(text, text));
  ASSERT_TRUE(say("innocent", "fine"));
  std::ofstream{folder_.path() / "go"} << "go";
  ASSERT_TRUE(process().wait(patience)) << "the poison did not work";
  start();
  wanted_cases_ = 3;
  EXPECT_LT(deaths_until_quiet({"innocent", "held"}), 6);
  std::set<charge> culprits;
  const auto all = ask("GET", "/hospital/cases").value();
  for (const auto& listed : all.at("cases")) {
    const auto story = ask("GET", "/hospital/cases/" + listed.at("case_id").get<std::string>()).value();
    const std::string key = story.at("key"), service = story.at("service");
    EXPECT_TRUE(key.ends_with("@" + service)) << key << " at " << service;
    EXPECT_EQ(story.at("attempts"), 2) << story.at("attempt_records").dump(2);
    for (const auto& one : story.at("attempt_records")) EXPECT_EQ(one.at("outcome"), "killed the process");
    culprits.insert(culprit(story));
  }
  EXPECT_EQ(culprits.size(), 3U);
  for (const auto* by : {"anna", "bert", "carl"}) EXPECT_EQ(heard(by, "innocent").size(), 1U) << by;
  stop(culprits);
}

/// The slots of a machine that has lost its power tell of messages in flight, and one of them even has the mark of a
/// signal; but the machine is another one since.
TEST_F(PoisonTest, PowerLossBlamesNobody) {
  start();
  ASSERT_TRUE(is_up());
  (void)say("poisoned", "abort@bert");
  ASSERT_TRUE(process().wait(patience));
  lose_power();
  start();
  wanted_cases_ = 1;
  EXPECT_EQ(deaths_until_quiet({}), 2) << "the death before the power was lost does not count";
  const auto story = only_case();
  expect_deaths(story, 2, "SIGABRT", "poison_aborts");

  hold_everybody();
  process().send(SIGKILL);
  ASSERT_TRUE(process().wait(patience));
  lose_power();
  std::ofstream{folder_.path() / "go"} << "go";
  const auto attributed = log_lines("process-death-attributed").size();
  start();
  EXPECT_EQ(deaths_until_quiet({"held"}), 0);
  EXPECT_EQ(log_lines("process-death-attributed").size(), attributed) << "nobody is even suspected";
  stop({culprit(story)});
}

TEST_F(PoisonTest, InnocentsInFlightInSeveralServicesAreNotBlamedForAKill) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(say("before", "fine"));
  hold_everybody();
  (void)say("behind", "fine");
  process().send(SIGKILL);
  ASSERT_TRUE(process().wait(patience));
  std::ofstream{folder_.path() / "go"} << "go";
  start();
  EXPECT_EQ(deaths_until_quiet({"before", "held", "behind"}), 0);
  EXPECT_TRUE(has_cases(0));
  for (const auto* by : {"anna", "bert", "carl"}) EXPECT_EQ(heard(by, "held").size(), 1U) << by;
  stop({});
  EXPECT_EQ(log_lines("process-death-attributed").size(), 3U) << "suspected they were, all three";
  for (const auto* name : {"anna", "bert", "carl"})
    EXPECT_EQ(store_reader{folder_.path() / (std::string{name} + ".db")}.number("SELECT count(*) FROM suspect"), 0)
        << name << ": cleared by success";
}

/// Told to stop, and ended before it could: that is nobody's fault.
TEST_F(PoisonTest, APlannedStopThatIsCutShortBlamesNobody) {
  start();
  ASSERT_TRUE(is_up());
  hold_everybody();
  process().send(SIGTERM);
  ASSERT_TRUE(eventually([&] { return log().find("node-stopping") != std::string::npos; }));
  process().send(SIGKILL);
  ASSERT_TRUE(process().wait(patience));
  std::ofstream{folder_.path() / "go"} << "go";
  start();
  EXPECT_EQ(deaths_until_quiet({"held"}), 0);
  EXPECT_THAT(log_lines("process-death-attributed"), IsEmpty());
  stop({});
}

/// kill -9 from outside, again and again, while a poison of our own kills the node as well.
TEST_F(PoisonTest, KillsFromOutsideNeitherHideTheCulpritNorBlameAnother) {
  const auto* wanted = std::getenv("MUSICCORP_KILLS");
  const int kills = wanted != nullptr ? std::stoi(wanted) : 10;
  const auto* given = std::getenv("MUSICCORP_SEED");
  const auto seed = given != nullptr ? std::stoull(given) : base::seed_from_system();
  SCOPED_TRACE("MUSICCORP_SEED=" + std::to_string(seed));
  base::random_source random{seed};
  start();
  ASSERT_TRUE(is_up());
  std::vector<std::string> told;
  for (int round = 0; round < kills; ++round) {
    for (int i = 0; i < 5 && process().is_running(); ++i)
      if (auto key = "k" + std::to_string(round) + "-" + std::to_string(i); say(key, "fine")) told.push_back(key);
    if (round == kills / 3) (void)say("poisoned", "abort@bert");
    if (!process().wait(std::chrono::milliseconds{random.below(60)})) {
      process().send(SIGKILL);
      ASSERT_TRUE(process().wait(patience));
    }
    start();
    (void)is_up();
  }
  wanted_cases_ = 1;
  EXPECT_LE(deaths_until_quiet(told), 2);
  const auto story = only_case();
  EXPECT_EQ(story.at("key"), "poisoned");
  EXPECT_EQ(story.at("service"), "bert");
  EXPECT_EQ(story.at("attempts"), 2) << story.at("attempt_records").dump(2);
  for (const auto& key : told)
    for (const auto* by : {"anna", "bert", "carl"}) EXPECT_EQ(heard(by, key).size(), 1U) << by << " " << key;
  stop({culprit(story)});
}

}  // namespace
}  // namespace musiccorp

// `musiccorp demo`: a whole shop of its own, orders over HTTP, and a verdict on every promise as its exit code.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/client.hpp"
#include "program.hpp"

namespace musiccorp::program {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// A terminal with nobody in front of it; a thread of its own reads, or whoever writes would have to wait.
class terminal {
 public:
  terminal() : ours_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)} {
    if (ours_ < 0 || ::grantpt(ours_) != 0 || ::unlockpt(ours_) != 0) throw std::runtime_error{"no terminal"};
    theirs_ = ::open(name().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    reader_ = std::thread{[this] {
      char bytes[4096];
      for (auto count = ::read(ours_, bytes, sizeof bytes); count > 0; count = ::read(ours_, bytes, sizeof bytes))
        seen_.append(bytes, static_cast<std::size_t>(count));
    }};
  }
  ~terminal() {
    (void)all();
    ::close(ours_);
  }
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  [[nodiscard]] std::string name() const { return ::ptsname(ours_); }
  /// When everybody who wrote there has ended: what they wrote.
  [[nodiscard]] const std::string& all() {
    if (theirs_ >= 0) ::close(theirs_);
    theirs_ = -1;
    if (reader_.joinable()) reader_.join();
    return seen_;
  }

 private:
  int ours_, theirs_ = -1;
  std::string seen_;
  std::thread reader_;
};

/// A project of its own, since the demo takes its configuration from the project and puts its data there.
class DemoVerb : public ::testing::Test {
 protected:
  DemoVerb() {
    fs::create_directories(place_.path() / "config");
    fs::copy_file(MUSICCORP_PROGRAM, program());
    fs::copy_file(fs::path{MUSICCORP_SOURCE_DIR} / "config" / "catalog.json",
                  place_.path() / "config" / "catalog.json");
    configure({});
  }

  void configure(json config) {
    config["durability"] = "process";
    config["imports"]["catalog"] = "catalog.json";
    write(place_.path() / "config" / "node.json", config.dump());
  }
  [[nodiscard]] fs::path program() const { return place_.path() / "musiccorp"; }
  [[nodiscard]] ending demo(std::vector<std::string> words) const {
    words.insert(words.begin(), {"demo", "--orders", "60", "--clients", "4"});
    return run(words, program(), 240s);
  }
  /// Folders of runs that are still there.
  [[nodiscard]] std::vector<std::string> data() const {
    std::vector<std::string> names;
    for (const auto& one : fs::directory_iterator{place_.path() / ".data"}) names.push_back(one.path().filename());
    return names;
  }

  testing::temporary_folder place_;
};

TEST_F(DemoVerb, EndsWithZeroAndEveryPromiseHolding) {
  const auto end = demo({"--json", "--seed", "7"});
  ASSERT_EQ(end.code, 0) << end.err << end.out;
  const auto told = json::parse(end.out, nullptr, false);
  ASSERT_TRUE(told.is_object()) << end.out;
  EXPECT_EQ(told["seed"], 7);
  EXPECT_EQ(told["orders"], 60);
  std::int64_t sent = 0, final_ones = 0;
  for (const auto& one : told["sent"]) sent += one["orders"].get<std::int64_t>();
  for (const auto& one : told["states"]) final_ones += one["orders"].get<std::int64_t>();
  EXPECT_EQ(sent, 60);
  EXPECT_GT(final_ones, 0);
  EXPECT_EQ(final_ones, told["accepted"]) << "every accepted order is final";
  ASSERT_EQ(told["dead_letters"].size(), 1U);
  EXPECT_EQ(told["dead_letters"][0]["queue"], "pricing:pricing");
  EXPECT_EQ(told["hospital"]["state"], "healed");
  EXPECT_EQ(told["hospital"]["attempts"], 5);
  // The aim is 2 s; here the machine may have ten times as much to do.
  EXPECT_GT(told["first_answer_ms"].get<double>(), 0);
  EXPECT_LT(told["first_answer_ms"].get<double>(), 20'000);

  std::map<std::string, bool> promises;
  for (const auto& one : told["promises"]) promises[one["promise"]] = one["holds"];
  for (const auto* promise :
       {"no accepted order is lost", "at most one charge per order", "charged - refunded = price if shipped, else 0",
        "received = on hand + reserved + shipped", "shipped only after paid", "every order reaches a final state",
        "no message vanishes", "services agree at rest", "a repeat under the same key gets the same answer",
        "poison stops nobody else", "a dead letter is healed in its place"})
    EXPECT_THAT(promises, Contains(Pair(promise, true)));
  for (const auto& [promise, holds] : promises) EXPECT_TRUE(holds) << promise;

  // Nobody looks: no bar that draws over itself, lines that a file can keep.
  EXPECT_THAT(end.err, AllOf(HasSubstr("The shop is open at http://127.0.0.1:"), HasSubstr("\norders: 100 %"),
                             HasSubstr("(60 of 60)\n"), Not(HasSubstr("\r")), Not(HasSubstr("\033"))));
  EXPECT_THAT(data(), IsEmpty()) << "nothing is left behind";
}

TEST_F(DemoVerb, DrawsABarOnATerminalAndEndsWithItsTable) {
  terminal screen;
  const auto out = place_.path() / "out";
  const auto line = "exec " + quoted(program().string()) + " demo --orders 60 --clients 4 >" + quoted(out.string());
  auto child = demo::child_process::start({"/bin/sh", {"-c", line}, screen.name()});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(240s), (demo::process_end{0, 0}));

  // One line that is drawn over itself, and is gone at the end.
  EXPECT_THAT(screen.all(), AllOf(ContainsRegex("\r\033\\[Korders \\[#*\\.*\\] +[0-9]+ %  [0-9]+ of 60, [0-9 ]+/s"),
                                  HasSubstr("/s\r\033[K"), Not(HasSubstr("orders: "))));
  const auto table = text_of(out);
  for (const auto* row : {"first order answered +[0-9.]+ ms   after the program's start",
                          "POST /orders +[0-9.]+ ms   half of them; 99 of 100: [0-9.]+ ms",
                          "accepted to final state +[0-9.]+ ms   half of them; 99 of 100: [0-9.]+ ms",
                          "messages handled +[0-9 ]+   in [0-9 ]+ commits of [0-9.]+ ms",
                          "messages per commit \\(one fsync\\) +[0-9.]+", "retries +4",
                          "dead letters +1   pricing:pricing: handler_crash"})
    EXPECT_THAT(table, ContainsRegex("\n  " + std::string{row} + "\n"));
}

/// Where nothing waits behind a dead letter, the promise that it is healed in its place can't hold.
TEST_F(DemoVerb, EndsWithOneAndNamesThePromiseThatIsBroken) {
  configure({{"services", {{"pricing", {{"order", {{"policy", "none"}}}}}}}});
  const auto end = demo({});
  EXPECT_EQ(end.code, 1) << end.err << end.out;
  EXPECT_THAT(end.out, AllOf(HasSubstr("\n  BROKEN  a dead letter is healed in its place "),
                             HasSubstr("\n  holds   no message vanishes "), HasSubstr("\nA promise is broken.  "),
                             Not(HasSubstr("\033"))));
}

TEST_F(DemoVerb, EndsWithTwoWhenItsShopDoesNotOpen) {
  configure({{"retry", {{"attempts_max", 0}}}});
  const auto end = demo({});
  EXPECT_EQ(end.code, 2);
  EXPECT_THAT(end.err, AllOf(HasSubstr("the shop did not open"), HasSubstr("/retry/attempts_max")));
  EXPECT_THAT(end.out, IsEmpty());
}

TEST_F(DemoVerb, KeepsTheShopOpenWhenAskedTo) {
  auto begun = demo::child_process::start(
      {program(), {"demo", "--orders", "60", "--clients", "4", "--keep"}, place_.path() / "err"});
  ASSERT_TRUE(begun);
  const auto line = begun->wait_for_line("  orders          http://127.0.0.1:", 240s);
  ASSERT_TRUE(line) << text_of(place_.path() / "err");
  const auto orders = line->substr(line->find("http://"));
  for (const auto* what : {"  catalogue ", "  stock ", "  payments ", "  metrics ", "  what it offers ", "  health "})
    EXPECT_TRUE(begun->wait_for_line(what, 10s)) << what;
  http::client connection;
  const auto page = connection.fetch({.url = orders});
  ASSERT_TRUE(page) << page.error().text;
  EXPECT_EQ(page->status, 200);
  EXPECT_TRUE(begun->is_running());

  begun->send(SIGTERM);
  EXPECT_EQ(begun->wait(30s), (demo::process_end{0, 0})) << text_of(place_.path() / "err");
  EXPECT_FALSE(connection.fetch({.url = orders})) << "its node has ended, too";
  ASSERT_EQ(data().size(), 1U) << "its data stays";
  EXPECT_TRUE(fs::exists(place_.path() / ".data" / data().front() / "order.db"));
}

}  // namespace
}  // namespace musiccorp::program

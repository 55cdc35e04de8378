#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "demo/promises.hpp"
#include "support/journal.hpp"
#include "support/stubborn_clients.hpp"

namespace musiccorp::testing {

/// A number from the environment.
inline std::uint64_t wanted(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// The longest that a request may be without its answer: the shop's own deadline (/http/request_timeout_ms), and what
/// it takes to tell: doors look each 50 ms whose time is up, and on two cores that run three nodes, their clients and
/// whatever else the machine does, a thread that is due may wait for a second or two.
constexpr std::chrono::seconds request_deadline{5}, answers_within = request_deadline + std::chrono::seconds{2};

/// What was done to a shop, what its customers were answered, and which promises held: `history.jsonl` and
/// `verdict.jsonl` in the folder of the test, or in one of the test's name below MUSICCORP_HISTORY. MUSICCORP_SEED
/// repeats a run, as far as processes can be repeated.
class run_record {
 public:
  run_record(const std::filesystem::path& folder, std::uint64_t usual_seed)
      : seed{wanted("MUSICCORP_SEED", usual_seed)}, place_{place_in(folder)}, history_{place_ / "history.jsonl"} {
    add("begin", {{"seed", seed}});
  }

  void add(const std::string& what, nlohmann::ordered_json details = nlohmann::ordered_json::object()) {
    history_.add(what, std::move(details));
  }
  /// Each order's answer into the history, the whole into the verdict; and no request was forgotten.
  void judge(const std::vector<answered_order>& answered) {
    std::chrono::milliseconds longest{0};
    int lost = 0;
    for (const auto& one : answered) {
      add("answer", {{"order", one.planned.idempotency},
                     {"kind", describe::name_of(one.planned.kind)},
                     {"status", one.status},
                     {"attempts", one.attempts},
                     {"lost", one.lost},
                     {"longest_ms", one.longest.count()}});
      longest = std::max(longest, one.longest);
      lost += one.lost;
    }
    EXPECT_GT(answered.size(), 100U) << "too little load to prove anything";
    EXPECT_EQ(lost, 0) << "requests that got no answer within " << answers_within.count() << " s";
    EXPECT_LT(longest, answers_within);
    verdict_.add("answers", {{"orders", answered.size()}, {"lost", lost}, {"longest_ms", longest.count()}});
    std::printf("  %zu orders answered, the slowest answer after %lld ms\n", answered.size(),
                static_cast<long long>(longest.count()));
  }
  void judge(const std::vector<demo::finding>& promises) {
    for (const auto& one : promises)
      verdict_.add("promise", {{"promise", one.promise}, {"holds", one.holds}, {"evidence", one.evidence}});
  }

  const std::uint64_t seed;

 private:
  static std::filesystem::path place_in(const std::filesystem::path& folder) {
    const char* elsewhere = std::getenv("MUSICCORP_HISTORY");
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    auto name = std::string{test->test_suite_name()} + "." + test->name();
    std::ranges::replace(name, '/', '.');
    const auto place = elsewhere ? std::filesystem::path{elsewhere} / name : folder;
    std::filesystem::create_directories(place);
    return place;
  }

  const std::filesystem::path place_;
  journal history_;
  journal verdict_{place_ / "verdict.jsonl"};
};

}  // namespace musiccorp::testing

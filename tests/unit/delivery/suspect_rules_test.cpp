#include "delivery/suspect_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "base/random.hpp"

namespace musiccorp::delivery {
namespace {

using testing::HasSubstr;

finding found(charge what, bool alone) {
  finding one;
  one.what = what;
  one.alone = alone;
  one.text = "what happened";
  return one;
}

sentence signal_in(const suspicion& before, int deaths_max = 2) {
  return after_death(before, found(charge::charged, before.runs_alone()), evidence::signal, deaths_max);
}
sentence among_others(const suspicion& before, evidence why) {
  return after_death(before, found(charge::suspect, false), why);
}
sentence alone(const suspicion& before, evidence why, int deaths_max = 2) {
  return after_death(before, found(charge::suspect, true), why, deaths_max);
}

TEST(SuspectRules, LetAMessageWithoutAHistoryRunAmongOthers) { EXPECT_FALSE(suspicion{}.runs_alone()); }

TEST(SuspectRules, BuryTheCulpritAfterItsSecondSignal) {
  const auto first = signal_in({});
  EXPECT_FALSE(first.dies);
  EXPECT_TRUE(first.account.runs_alone());
  const auto second = signal_in(first.account);
  EXPECT_TRUE(second.dies);
  EXPECT_THAT(second.text, HasSubstr("what happened; 2 process deaths are charged to it"));
}

TEST(SuspectRules, ProveByASecondDeathForWantOfMemory) {
  const auto first = among_others({}, evidence::out_of_memory);
  EXPECT_FALSE(first.dies);
  EXPECT_EQ(first.account.deaths, 0) << "it may have been another";
  EXPECT_TRUE(first.account.runs_alone());
  const auto second = alone(first.account, evidence::out_of_memory);
  EXPECT_TRUE(second.dies);
  EXPECT_EQ(second.account.deaths, 2);
  EXPECT_EQ(second.account.unexplained, 0);
}

TEST(SuspectRules, NeverProveAnythingAmongOthers) {
  suspicion account;
  for (int i = 0; i < 20; ++i) {
    const auto said = among_others(account, i % 2 == 0 ? evidence::out_of_memory : evidence::killed);
    EXPECT_FALSE(said.dies);
    account = said.account;
  }
}

TEST(SuspectRules, ForgiveTwoKillsAloneAndNotTheThird) {
  auto account = among_others({}, evidence::killed).account;
  for (int i = 1; i < kills_alone_max; ++i) {
    const auto said = alone(account, evidence::killed);
    EXPECT_FALSE(said.dies) << "an operator may kill at any time";
    account = said.account;
  }
  EXPECT_TRUE(alone(account, evidence::killed).dies);
}

TEST(SuspectRules, DoNotCountInnocence) {
  const suspicion before{1, 2, 1};
  const auto said = after_death(before, found(charge::none, true), evidence::planned_stop);
  EXPECT_EQ(said.account, before);
  EXPECT_FALSE(said.dies);
}

TEST(SuspectRules, KeepToTheConfiguredLimit) {
  EXPECT_TRUE(signal_in({}, 1).dies);
  auto said = signal_in({}, 3);
  said = signal_in(said.account, 3);
  EXPECT_FALSE(said.dies);
  EXPECT_TRUE(signal_in(said.account, 3).dies);
  EXPECT_FALSE(alone({0, 1, 0}, evidence::out_of_memory, 3).dies);
  EXPECT_TRUE(alone({1, 1, 0}, evidence::out_of_memory, 3).dies);
}

/// What a message does to its process, each time that it is handled.
enum class nature { innocent, faults, eats_memory, dies_without_a_trace };

struct life {
  nature kind = nature::innocent;
  std::size_t cell = 0;
  suspicion account{};
  int deaths_caused = 0;
  int chance_kills_alone = 0;  ///< in a row
  bool done = false;
  bool buried = false;
  [[nodiscard]] bool is_open() const { return !done && !buried; }
};

/// A node with a few cells, its messages, and a world that kills it at random.
class random_history {
 public:
  explicit random_history(std::uint64_t seed) : random_{seed} {
    const auto count = 3 + random_.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
      life one;
      one.cell = random_.below(cells);
      if (random_.below(4) == 0) one.kind = static_cast<nature>(1 + random_.below(3));
      messages_.push_back(one);
    }
  }

  void run() {
    for (int step = 0; step < 2'000; ++step) {
      const auto running = next_to_run();
      if (running.empty()) return;
      if (const auto culprit = first_culprit(running))
        die_of(running, *culprit);
      else if (random_.below(3) == 0)
        die_by_chance(running);
      else
        for (auto* one : running) *one = finished(*one);
    }
    ADD_FAILURE() << "the history has no end";
  }

  [[nodiscard]] const std::vector<life>& messages() const { return messages_; }

 private:
  static constexpr std::size_t cells = 4;
  using group = std::vector<life*>;

  static life finished(life one) {
    one.done = true;
    one.account = {};
    return one;
  }

  /// The first that must be alone, or the first of each cell at work.
  group next_to_run() {
    for (auto& one : messages_)
      if (one.is_open() && one.account.runs_alone()) return {&one};
    group running;
    std::vector<bool> busy(cells);
    for (auto& one : messages_) {
      if (!one.is_open() || busy[one.cell]) continue;
      busy[one.cell] = true;
      if (running.empty() || random_.below(3) != 0) running.push_back(&one);
    }
    return running;
  }

  std::optional<std::size_t> first_culprit(const group& running) {
    for (std::size_t i = 0; i < running.size(); ++i)
      if (running[i]->kind != nature::innocent) return i;
    return std::nullopt;
  }

  static crash_scene scene_of(const group& running) {
    crash_scene scene;
    scene.boot_id = "boot";
    for (const auto* one : running) {
      slot_scene slot;
      slot.cell = "cell-" + std::to_string(one->cell);
      slot.seq = 1;
      slot.alone = one->account.runs_alone();
      scene.slots.push_back(slot);
    }
    return scene;
  }

  void die_of(const group& running, std::size_t culprit) {
    auto scene = scene_of(running);
    present_facts now{"boot", {}};
    ++running[culprit]->deaths_caused;
    if (running[culprit]->kind == nature::faults) scene.slots[culprit].mark = crash_mark{SIGSEGV, 1};
    if (running[culprit]->kind == nature::eats_memory) now.oom_kills.machine = 1;
    conclude(running, scene, now);
  }

  /// Never three times in a row while the same message is alone.
  void die_by_chance(const group& running) {
    auto scene = scene_of(running);
    present_facts now{"boot", {}};
    switch (random_.below(5)) {
      case 0:
        now.boot_id = "another";
        break;
      case 1:
        scene.was_draining = true;
        break;
      case 2:
        scene.outside = crash_mark{SIGABRT, -6};
        break;
      case 3:
        scene.slots[0].mark = crash_mark{SIGABRT, 0, 4321};
        [[fallthrough]];
      default:
        if (running[0]->account.runs_alone() && ++running[0]->chance_kills_alone >= kills_alone_max) return;
    }
    conclude(running, scene, now);
  }

  static void conclude(const group& running, const crash_scene& scene, const present_facts& now) {
    const auto made = attribute(scene, now);
    for (std::size_t i = 0; i < running.size(); ++i) {
      const auto said = after_death(running[i]->account, made.findings.at(i), made.why);
      running[i]->account = said.account;
      running[i]->buried = said.dies;
    }
  }

  base::random_source random_;
  std::vector<life> messages_;
};

TEST(SuspectRules, BuryEveryCulpritAndNoInnocentInAnyHistory) {
  int culprits = 0, killed_alone = 0;
  for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_history history{seed};
    history.run();
    for (const auto& one : history.messages()) {
      if (one.chance_kills_alone > 0) ++killed_alone;
      ASSERT_EQ(one.buried, one.kind != nature::innocent);
      if (one.kind == nature::innocent) continue;
      ++culprits;
      ASSERT_LE(one.deaths_caused, one.kind == nature::dies_without_a_trace ? 1 + kills_alone_max : 2);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(culprits, 5'000);
  EXPECT_GT(killed_alone, 1'000) << "the histories must be hard enough";
}

}  // namespace
}  // namespace musiccorp::delivery

#include "delivery/attribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace musiccorp::delivery {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const present_facts same_boot{"boot-1", {5, 0, 0}};

slot_scene running(std::string cell, std::uint64_t seq) {
  slot_scene one;
  one.cell = std::move(cell);
  one.upstream = 17;
  one.seq = seq;
  one.id = "id-" + std::to_string(seq);
  return one;
}

/// Killed without a trace while two cells were at work and one was committing.
crash_scene some_scene() {
  crash_scene scene;
  scene.boot_id = "boot-1";
  scene.pid = 99;
  scene.oom_kills = {5, 0, 0};
  scene.slots = {running("order", 7), running("warehouse", 12), running("payment", 3)};
  scene.slots[2].phase = slot_phase::committing;
  return scene;
}

crash_mark segfault(int sender = 0) {
  return {SIGSEGV, sender == 0 ? 1 : 0, sender, 0x10, 101, instant{}, {{0x1234, "shop", "00ff", 0x34}}};
}

auto charges(const attribution& made) {
  std::vector<std::pair<std::string, charge>> all;
  for (const auto& one : made.findings) all.emplace_back(one.cell, one.what);
  return all;
}
auto pair(std::string cell, charge what) { return std::pair{std::move(cell), what}; }

TEST(Attribution, ChargesTheMessageWhoseThreadGotTheSignal) {
  auto scene = some_scene();
  scene.slots[0].mark = segfault();
  const auto made = attribute(scene, same_boot);
  EXPECT_EQ(made.why, evidence::signal);
  EXPECT_THAT(made.text, HasSubstr("process 99: died of SIGSEGV at address 0x10"));
  EXPECT_THAT(charges(made), ElementsAre(pair("order", charge::charged), pair("warehouse", charge::none)));
  const auto& guilty = made.findings.at(0);
  EXPECT_EQ(guilty.upstream, 17U);
  EXPECT_EQ(guilty.seq, 7U);
  EXPECT_EQ(guilty.id, "id-7");
  EXPECT_THAT(guilty.frames, SizeIs(1));
  EXPECT_THAT(guilty.text, HasSubstr("while it handled this message"));
  EXPECT_THAT(made.findings.at(1).frames, IsEmpty());
}

TEST(Attribution, ChargesNobodyForACrashOutsideOfAnyMessage) {
  auto scene = some_scene();
  scene.outside = segfault();
  const auto made = attribute(scene, same_boot);
  EXPECT_EQ(made.why, evidence::signal);
  EXPECT_THAT(made.text, HasSubstr("outside of any message"));
  EXPECT_THAT(made.frames, SizeIs(1));
  EXPECT_THAT(made.findings, AllOf(SizeIs(2), Each(Field(&finding::what, charge::none))));
}

TEST(Attribution, ChargesNobodyForACrashInACommit) {
  auto scene = some_scene();
  scene.slots[2].mark = segfault();
  const auto made = attribute(scene, same_boot);
  EXPECT_EQ(made.why, evidence::signal);
  EXPECT_THAT(made.findings, AllOf(SizeIs(2), Each(Field(&finding::what, charge::none))));
  EXPECT_THAT(made.frames, SizeIs(1));
}

TEST(Attribution, SuspectsEveryRunningMessageAfterAKill) {
  const auto made = attribute(some_scene(), same_boot);
  EXPECT_EQ(made.why, evidence::killed);
  EXPECT_THAT(charges(made), ElementsAre(pair("order", charge::suspect), pair("warehouse", charge::suspect)));
}

TEST(Attribution, NeverChargesASingleSuspectAtOnce) {
  auto scene = some_scene();
  scene.slots.resize(1);
  EXPECT_THAT(charges(attribute(scene, same_boot)), ElementsAre(pair("order", charge::suspect)));
}

TEST(Attribution, SeesThatTheKernelKilledForWantOfMemory) {
  auto now = same_boot;
  now.oom_kills.machine = 6;
  const auto made = attribute(some_scene(), now);
  EXPECT_EQ(made.why, evidence::out_of_memory);
  EXPECT_THAT(made.findings, Each(Field(&finding::what, charge::suspect)));
}

TEST(Attribution, TakesASignalOfSomebodyElseForAKill) {
  auto scene = some_scene();
  scene.slots[0].mark = segfault(4321);
  const auto made = attribute(scene, same_boot);
  EXPECT_EQ(made.why, evidence::killed);
  EXPECT_THAT(made.text, HasSubstr("process 4321 sent SIGSEGV"));
  EXPECT_THAT(made.findings, AllOf(SizeIs(2), Each(Field(&finding::what, charge::suspect))));
  scene.slots[0].mark->sender = -1;
  EXPECT_THAT(attribute(scene, same_boot).text, HasSubstr("another process sent SIGSEGV"));
}

TEST(Attribution, SuspectsNobodyAfterPowerLoss) {
  auto scene = some_scene();
  scene.slots[0].mark = segfault();
  const auto made = attribute(scene, {"boot-2", {0, 0, 0}});
  EXPECT_EQ(made.why, evidence::power_loss);
  EXPECT_THAT(made.findings, AllOf(SizeIs(2), Each(Field(&finding::what, charge::none))));
}

TEST(Attribution, SuspectsNobodyInAPlannedStop) {
  auto scene = some_scene();
  scene.was_draining = true;
  scene.slots[0].mark = segfault();
  const auto made = attribute(scene, same_boot);
  EXPECT_EQ(made.why, evidence::planned_stop);
  EXPECT_THAT(made.findings, AllOf(SizeIs(2), Each(Field(&finding::what, charge::none))));
}

TEST(Attribution, NamesARequestThatCannotBeHandledAgain) {
  auto scene = some_scene();
  scene.slots[0].seq = 0;
  scene.slots[0].mark = segfault();
  const auto made = attribute(scene, same_boot);
  EXPECT_EQ(made.findings.at(0).what, charge::charged);
  EXPECT_EQ(made.findings.at(0).id, "id-7");
  EXPECT_FALSE(made.findings.at(0).came_through_a_log());
  EXPECT_TRUE(made.findings.at(1).came_through_a_log());
}

TEST(Attribution, PassesOnWhetherAMessageRanAlone) {
  auto scene = some_scene();
  scene.slots[1].alone = true;
  const auto made = attribute(scene, same_boot);
  EXPECT_FALSE(made.findings.at(0).alone);
  EXPECT_TRUE(made.findings.at(1).alone);
}

TEST(Attribution, FindsNobodyInAnIdleProcess) {
  crash_scene scene;
  scene.boot_id = "boot-1";
  EXPECT_THAT(attribute(scene, same_boot).findings, IsEmpty());
}

}  // namespace
}  // namespace musiccorp::delivery

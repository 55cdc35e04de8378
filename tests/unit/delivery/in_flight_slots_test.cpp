#include "delivery/in_flight_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "base/ensure.hpp"
#include "base/random.hpp"
#include "delivery/boot.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::delivery {
namespace {

using storage::bytes_of;
using storage::write_bytes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto file_size = sizeof(slots_file::file);

/// A process's life with the file is one `slots` object here; its end leaves the file as SIGKILL would.
class InFlightSlots : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<in_flight_slots> open() const {
    auto opened = in_flight_slots::open(file_);
    if (!opened) throw std::runtime_error(opened.error().text);
    return std::move(*opened);
  }
  /// The next process, past what it found.
  [[nodiscard]] std::unique_ptr<in_flight_slots> start() const {
    auto slots = open();
    EXPECT_TRUE(slots->accepted({}));
    return slots;
  }
  /// Dies while "order" handles this message.
  void die_handling(const in_flight_message& message) const { (*start()->of("order"))->begin(message); }
  /// Reads with this many bytes at this place changed.
  void damage(std::size_t at, const std::string& bytes) const {
    write_bytes(file_, bytes_of(file_).replace(at, bytes.size(), bytes));
  }

  storage::scratch_folder folder_;
  std::filesystem::path file_ = folder_ / "slots";
};

TEST_F(InFlightSlots, KnowNothingAtTheFirstStart) {
  const auto slots = open();
  EXPECT_FALSE(slots->earlier());
  EXPECT_FALSE(slots->unreadable());
}

TEST_F(InFlightSlots, TellTheNextProcessWhatWasBeingHandled) {
  die_handling({17, 4, "01J8ZQ4T5S0000000000000007", 3, instant{duration{99}}});
  const auto next = open();
  const auto& scene = next->earlier().value();
  EXPECT_EQ(scene.boot_id, boot_id_now());
  EXPECT_EQ(scene.pid, ::getpid());
  ASSERT_THAT(scene.slots, SizeIs(1));
  const auto& one = scene.slots.at(0);
  EXPECT_EQ(one.cell, "order");
  EXPECT_EQ(one.phase, slot_phase::running);
  EXPECT_EQ(one.upstream, 17U);
  EXPECT_EQ(one.seq, 4U);
  EXPECT_EQ(one.id, "01J8ZQ4T5S0000000000000007");
  EXPECT_EQ(one.type, 3U);
  EXPECT_EQ(one.started, instant{duration{99}});
  EXPECT_FALSE(one.mark);
}

TEST_F(InFlightSlots, TellWhetherTheMessageRanAlone) {
  in_flight_message ward{1, 7, "a"};
  die_handling(ward);
  EXPECT_FALSE(open()->earlier().value().slots.at(0).alone);
  ward.alone = true;
  die_handling(ward);
  const auto next = open();
  EXPECT_TRUE(next->earlier().value().slots.at(0).alone);
  EXPECT_EQ(next->earlier()->slots.at(0).phase, slot_phase::running);
}

TEST_F(InFlightSlots, AreIdleBetweenMessages) {
  {
    const auto slots = start();
    auto& order = **slots->of("order");
    order.begin({1, 1, "a"});
    order.end();
    order.begin({1, 2, "b"});
    order.end();
  }
  EXPECT_THAT(open()->earlier().value().slots, IsEmpty());
}

TEST_F(InFlightSlots, NameNobodyDuringACommit) {
  {
    const auto slots = start();
    (*slots->of("order"))->committing();
  }
  EXPECT_EQ(open()->earlier().value().slots.at(0).phase, slot_phase::committing);
}

TEST_F(InFlightSlots, AreIdleAfterARuleThatThrew) {
  {
    const auto slots = start();
    try {
      const handling rule{**slots->of("order"), {1, 1, "a"}};
      throw std::runtime_error("a rule");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(slots_file::current, nullptr);
  }
  EXPECT_THAT(open()->earlier().value().slots, IsEmpty());
}

TEST_F(InFlightSlots, HoldTheNewestMessageOnly) {
  const std::string longest(32, 'x');
  for (const auto& id : {std::string{}, std::string{"short"}, std::string(25, 'y'), std::string(26, 'y'), longest}) {
    {
      const auto slots = start();
      auto& order = **slots->of("order");
      order.begin({1, 1, longest});
      order.end();
      order.begin({2, 5, id});
    }
    const auto next = open();
    EXPECT_EQ(next->earlier()->slots.at(0).id, id);
    EXPECT_EQ(next->earlier()->slots.at(0).seq, 5U);
  }
}

TEST_F(InFlightSlots, RememberUntilTheConclusionsAreStored) {
  die_handling({1, 7, "a"});
  EXPECT_THAT(open()->earlier().value().slots, SizeIs(1));
  EXPECT_THAT(open()->earlier().value().slots, SizeIs(1)) << "the first reader died before it had stored anything";
  EXPECT_TRUE(open()->accepted({}));
  EXPECT_THAT(open()->earlier().value().slots, IsEmpty());
}

TEST_F(InFlightSlots, AreNotUsedBeforeTheConclusionsAreStored) {
  die_handling({1, 7, "a"});
  EXPECT_THROW((void)open()->of("order"), base::broken_promise);
  EXPECT_THROW(open()->draining(), base::broken_promise);
}

TEST_F(InFlightSlots, KeepAPlannedStopApart) {
  start()->draining();
  EXPECT_TRUE(open()->earlier().value().was_draining);
  (void)start();
  EXPECT_FALSE(open()->earlier().value().was_draining) << "that was the process before";
}

TEST_F(InFlightSlots, KeepTheKernelsCounts) {
  const oom_kill_counts counts{3, 2, 1};
  start()->note(counts);
  EXPECT_EQ(open()->earlier().value().oom_kills, counts);
}

TEST_F(InFlightSlots, AreOnePerCell) {
  const auto slots = start();
  std::set<slot*> all;
  for (const auto* cell : {"order", "payment", "order", "order:2"}) all.insert(*slots->of(cell));
  EXPECT_THAT(all, SizeIs(3));
}

TEST_F(InFlightSlots, RefuseNamesThatDoNotFit) {
  const auto slots = start();
  EXPECT_TRUE(slots->of(std::string(63, 'x')));
  EXPECT_EQ(slots->of(std::string(64, 'x')).error().kind, fault_kind::invalid);
  EXPECT_EQ(slots->of("").error().kind, fault_kind::invalid);
}

TEST_F(InFlightSlots, AreLimited) {
  const auto slots = start();
  for (std::size_t i = 0; i < slots_file::slots_max; ++i) ASSERT_TRUE(slots->of("cell-" + std::to_string(i)));
  const auto refused = slots->of("one-more");
  EXPECT_EQ(refused.error().kind, fault_kind::overloaded);
  EXPECT_THAT(refused.error().text, HasSubstr("one-more"));
  EXPECT_TRUE(slots->of("cell-7")) << "those who have one keep it";
}

TEST_F(InFlightSlots, BelongToOneProcess) {
  const auto ours = start();
  const auto theirs = in_flight_slots::open(file_);
  ASSERT_FALSE(theirs);
  EXPECT_EQ(theirs.error().kind, fault_kind::busy);
  EXPECT_THAT(theirs.error().text, HasSubstr(file_.native()));
}

TEST_F(InFlightSlots, KnowNothingFromAForeignFile) {
  write_bytes(file_, "a shopping list");
  const auto slots = open();
  EXPECT_FALSE(slots->earlier());
  EXPECT_EQ(slots->unreadable().value().kind, fault_kind::corrupt);
  EXPECT_THAT(slots->unreadable()->text, HasSubstr(file_.native()));
  EXPECT_TRUE(slots->accepted({}));
  EXPECT_TRUE(slots->of("order"));
}

TEST_F(InFlightSlots, SetAsideWhatTheyCannotRead) {
  for (const std::string aside : {"slots.unreadable", "slots.unreadable-2", "slots.unreadable-3"}) {
    write_bytes(file_, "what " + aside + " shall have");
    const auto slots = open();
    EXPECT_THAT(slots->unreadable().value().text, HasSubstr((folder_ / aside).native()));
    EXPECT_EQ(bytes_of(folder_ / aside), "what " + aside + " shall have");
    const auto theirs = in_flight_slots::open(file_);
    ASSERT_FALSE(theirs);
    EXPECT_EQ(theirs.error().kind, fault_kind::busy) << "the new file is locked as well";
    EXPECT_TRUE(slots->accepted({}));
  }
  die_handling({1, 7, "a"});
  EXPECT_THAT(open()->earlier().value().slots, SizeIs(1)) << "the new file serves like any other";
}

TEST_F(InFlightSlots, KnowNothingFromAnEmptyFile) {
  die_handling({1, 7, "a"});
  std::filesystem::resize_file(file_, 0);
  const auto slots = open();
  EXPECT_FALSE(slots->earlier());
  EXPECT_EQ(slots->unreadable().value().kind, fault_kind::corrupt);
}

/// Without a user's rights on files, which root has on all of them.
class nobody {
 public:
  nobody() {
    if (::geteuid() == 0 && ::seteuid(65'534) != 0) throw std::runtime_error{"nobody else can be"};
  }
  ~nobody() { (void)!::seteuid(::getuid()); }
  nobody(const nobody&) = delete;
  nobody& operator=(const nobody&) = delete;
};

TEST_F(InFlightSlots, LeaveAFileAloneThatTheyMayNotOpen) {
  die_handling({1, 7, "a"});
  using std::filesystem::perms;
  std::filesystem::permissions(file_.parent_path(), perms::owner_all | perms::others_read | perms::others_exec);
  std::filesystem::permissions(file_, perms::none);
  {
    const nobody somebody;
    const auto opened = in_flight_slots::open(file_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, fault_kind::storage);
    EXPECT_THAT(opened.error().text, HasSubstr(file_.native() + ": cannot be opened to be read and written"));
  }
  std::filesystem::permissions(file_, perms::owner_read | perms::owner_write);
  EXPECT_THAT(open()->earlier().value().slots, SizeIs(1)) << "and what it knows is still known";
}

TEST_F(InFlightSlots, KnowNothingFromATruncatedFile) {
  die_handling({1, 7, "a"});
  std::filesystem::resize_file(file_, file_size - 1);
  EXPECT_EQ(open()->unreadable().value().kind, fault_kind::corrupt);
}

TEST_F(InFlightSlots, KnowNothingFromAnotherLayout) {
  die_handling({1, 7, "a"});
  damage(offsetof(slots_file::header, layout), std::string("\2\0\0\0", 4));
  EXPECT_EQ(open()->unreadable().value().kind, fault_kind::unsupported);
}

TEST_F(InFlightSlots, KnowNothingFromADamagedHeader) {
  die_handling({1, 7, "a"});
  damage(offsetof(slots_file::header, boot_id), "x");
  const auto slots = open();
  EXPECT_FALSE(slots->earlier());
  EXPECT_EQ(slots->unreadable().value().kind, fault_kind::corrupt);
}

TEST_F(InFlightSlots, KnowNothingFromAnImpossibleSlot) {
  die_handling({1, 7, "a"});
  damage(offsetof(slots_file::file, slots), "\7");
  EXPECT_EQ(open()->unreadable().value().kind, fault_kind::corrupt);
}

TEST_F(InFlightSlots, ReadOrRefuseWhateverIsInTheFile) {
  die_handling({1, 7, "a"});
  const auto good = bytes_of(file_);
  base::random_source random{20260131};
  for (int round = 0; round < 300; ++round) {
    auto bytes = good;
    for (auto left = random.below(2'000) + 1; left > 0; --left)
      bytes[random.below(bytes.size())] = static_cast<char>(random.next());
    write_bytes(file_, bytes);
    const auto slots = open();
    ASSERT_NE(slots->earlier().has_value(), slots->unreadable().has_value()) << "round " << round;
    std::filesystem::remove(file_.native() + ".unreadable");
  }
}

TEST_F(InFlightSlots, StartAnewAfterDyingWhileTheFileWasMade) {
  write_bytes(file_, std::string(file_size, '\0'));
  const auto slots = open();
  EXPECT_FALSE(slots->earlier());
  EXPECT_FALSE(slots->unreadable());
}

TEST_F(InFlightSlots, SayWhichFileCannotBeMade) {
  const auto opened = in_flight_slots::open(folder_ / "no such folder" / "slots");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, fault_kind::storage);
  EXPECT_THAT(opened.error().text, HasSubstr("no such folder/slots"));
}

/// A limit on file sizes looks like a full disk to whoever reserves room.
class full_disk {
 public:
  full_disk() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{file_size / 2, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~full_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_DFL);
  }
  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;

 private:
  rlimit before_{};
};

TEST_F(InFlightSlots, ReserveTheirRoomAtOnce) {
  {
    const full_disk disk;
    const auto opened = in_flight_slots::open(file_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, fault_kind::storage);
    EXPECT_THAT(opened.error().text, HasSubstr(file_.native()));
  }
  EXPECT_FALSE(open()->unreadable()) << "there is room again, and nothing was lost";
}

}  // namespace
}  // namespace musiccorp::delivery

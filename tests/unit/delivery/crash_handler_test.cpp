// Real processes that die of real signals, and what the next process reads.
#include "delivery/crash_handler.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "delivery/boot.hpp"
#include "delivery/in_flight_slots.hpp"
#include "unit/storage/scratch_folder.hpp"

extern char** environ;

namespace musiccorp::delivery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

instant at(std::int64_t microseconds) { return instant{base::duration{microseconds}}; }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// The environment, and sanitizers that let the program have the first look at a signal.
std::vector<std::string> environment() {
  std::vector<std::string> all{"ASAN_OPTIONS=allow_user_segv_handler=1:symbolize=0:detect_leaks=0"};
  for (auto** one = environ; *one != nullptr; ++one)
    if (!std::string_view{*one}.starts_with("ASAN_OPTIONS=")) all.emplace_back(*one);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& one : texts) all.push_back(one.data());
  all.push_back(nullptr);
  return all;
}

/// crash_victim, and how it ended.
class victim_process {
 public:
  victim_process(const std::filesystem::path& file, const std::string& way) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t streams;
    ::posix_spawn_file_actions_init(&streams);
    ::posix_spawn_file_actions_adddup2(&streams, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&streams, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<std::string> words{MUSICCORP_CRASH_VICTIM, file.string(), way};
    auto variables = environment();
    const int error = ::posix_spawn(&pid_, words[0].c_str(), &streams, nullptr, pointers_to(words).data(),
                                    pointers_to(variables).data());
    ::posix_spawn_file_actions_destroy(&streams);
    ::close(ends[1]);
    output_ = ends[0];
    if (error != 0) throw std::runtime_error("no victim");
  }
  victim_process(const victim_process&) = delete;
  victim_process& operator=(const victim_process&) = delete;
  ~victim_process() {
    if (pid_ > 0) kill(SIGKILL);
    ::close(output_);
  }

  /// It has said something; false when it did not within a minute.
  [[nodiscard]] bool is_ready() { return read_some() > 0; }
  /// What waitpid(2) says of its end. Ends it after a minute of silence.
  [[nodiscard]] int end() {
    ssize_t size = 0;
    do size = read_some();
    while (size > 0);
    if (size < 0) ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  /// What it has said so far.
  [[nodiscard]] const std::string& said() const { return said_; }
  void kill(int signal) {
    ::kill(pid_, signal);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  [[nodiscard]] ssize_t read_some() {
    pollfd one{output_, POLLIN, 0};
    if (::poll(&one, 1, 60'000) != 1) return -1;
    std::array<char, 4096> text{};
    const auto size = ::read(output_, text.data(), text.size());
    if (size > 0) said_.append(text.data(), static_cast<std::size_t>(size));
    return size;
  }

  std::string said_;
  pid_t pid_ = -1;
  int output_ = -1;
};

crash_scene scene_in(const std::filesystem::path& file) {
  const auto slots = in_flight_slots::open(file);
  if (!slots) throw std::runtime_error(slots.error().text);
  if (!(*slots)->earlier()) throw std::runtime_error("nothing is known");
  return *(*slots)->earlier();
}

const slot_scene& of_cell(const crash_scene& scene, std::string_view cell) {
  for (const auto& one : scene.slots)
    if (one.cell == cell) return one;
  throw std::runtime_error(std::string{cell} + " was idle");
}

/// As the next process of the same program tells it.
std::string frames_in(const std::filesystem::path& file) {
  victim_process next{file, "show"};
  EXPECT_EQ(next.end(), 0);
  return next.said();
}

struct death {
  std::string way;
  int signal;
  std::string function;  ///< the one that did it
};
void PrintTo(const death& one, std::ostream* out) { *out << one.way; }

class FatalSignal : public testing::TestWithParam<death> {
 protected:
  storage::scratch_folder folder_;
  std::filesystem::path file_ = folder_ / "slots";
};

TEST_P(FatalSignal, NamesTheMessageThatKilledTheProcess) {
  if (sanitized && GetParam().way == "memory") GTEST_SKIP() << "a sanitizer's memory cannot be limited";
  const int status = victim_process{file_, GetParam().way}.end();
  if (!sanitized) {
    ASSERT_TRUE(WIFSIGNALED(status)) << "the end must be the one that it would be without us";
    EXPECT_EQ(WTERMSIG(status), GetParam().signal);
  } else {
    EXPECT_NE(status, 0);
  }

  const auto scene = scene_in(file_);
  EXPECT_EQ(scene.boot_id, boot_id_now());
  EXPECT_EQ(scene.started, at(500));
  EXPECT_FALSE(scene.was_draining);
  EXPECT_FALSE(scene.outside);
  ASSERT_THAT(scene.slots, SizeIs(2));

  const auto& guilty = of_cell(scene, "order");
  EXPECT_EQ(guilty.phase, slot_phase::running);
  EXPECT_EQ(guilty.upstream, base::stable_hash("inventory"));
  EXPECT_EQ(guilty.seq, 7U);
  EXPECT_EQ(guilty.id, "01J8ZQ4T5S0000000000000007");
  EXPECT_EQ(guilty.type, 70U);
  EXPECT_EQ(guilty.started, at(1'000));
  ASSERT_TRUE(guilty.mark);
  EXPECT_EQ(guilty.mark->signal, GetParam().signal);
  EXPECT_EQ(guilty.mark->sender, 0);
  EXPECT_NE(guilty.mark->thread, scene.pid);
  EXPECT_GT(guilty.mark->at, at(0));

  const auto& innocent = of_cell(scene, "warehouse");
  EXPECT_FALSE(innocent.mark);
  EXPECT_EQ(innocent.id, "a-caller's-own-key-that-is-far-t") << "as much as there is room for";
}

TEST_P(FatalSignal, LeavesABacktrace) {
  if (sanitized && GetParam().way == "memory") GTEST_SKIP() << "a sanitizer's memory cannot be limited";
  (void)victim_process{file_, GetParam().way}.end();
  const auto frames = frames_in(file_);
  EXPECT_THAT(frames, HasSubstr(GetParam().function));
  EXPECT_THAT(frames, StartsWith("#0 "));
  EXPECT_THAT(frames, Not(HasSubstr("on_fatal_signal"))) << "starts where the thread was";
}

TEST_P(FatalSignal, ClearsTheOtherNodesOfTheProcess) {
  if (sanitized && GetParam().way == "memory") GTEST_SKIP() << "a sanitizer's memory cannot be limited";
  (void)victim_process{file_, GetParam().way}.end();
  const auto scene = scene_in(file_.native() + ".neighbour");
  ASSERT_TRUE(scene.outside) << "the crash was none of theirs";
  EXPECT_EQ(scene.outside->signal, GetParam().signal);
  EXPECT_THAT(scene.outside->frames, IsEmpty());
  EXPECT_FALSE(of_cell(scene, "shipping").mark);
}

INSTANTIATE_TEST_SUITE_P(Each, FatalSignal,
                         testing::Values(death{"abort", SIGABRT, "victim::aborts() + 0x"},
                                         death{"null", SIGSEGV, "#0 victim::dereferences_null() + 0x"},
                                         death{"call", SIGSEGV, "#0 0x0\n#1 victim::calls_nothing() + 0x"},
                                         death{"overflow", SIGSEGV, "#1 victim::overflows_the_stack(int) + 0x"},
                                         death{"division", SIGFPE, "#0 victim::divides_by_zero() + 0x"},
                                         death{"terminate", SIGABRT, "victim::throws() + 0x"},
                                         death{"memory", SIGABRT, "victim::eats_memory() + 0x"}),
                         [](const auto& one) { return one.param.way; });

TEST(AlternateStack, IsOnePerThreadAndGoesWithIt) {
  const auto current = [] {
    stack_t now{};
    ::sigaltstack(nullptr, &now);
    return now.ss_sp;
  };
  const auto before = current();
  std::thread{[&] {
    const auto first = current();
    ensure_alternate_stack();
    const auto ours = current();
    EXPECT_NE(ours, first);
    ensure_alternate_stack();
    EXPECT_EQ(current(), ours);
  }}.join();
  EXPECT_EQ(current(), before) << "nobody else got one";
}

class ProcessDeath : public testing::Test {
 protected:
  storage::scratch_folder folder_;
  std::filesystem::path file_ = folder_ / "slots";
};

TEST_F(ProcessDeath, ByAThreadThatHandlesNoMessageIsNoMessagesFault) {
  (void)victim_process{file_, "other_thread"}.end();
  const auto scene = scene_in(file_);
  ASSERT_TRUE(scene.outside);
  EXPECT_EQ(scene.outside->signal, SIGABRT);
  EXPECT_FALSE(of_cell(scene, "order").mark);
  EXPECT_THAT(frames_in(file_), HasSubstr("victim::throws() + 0x"));
}

TEST_F(ProcessDeath, ByKillLeavesEveryRunningSlotAndNoMark) {
  victim_process victim{file_, "wait"};
  ASSERT_TRUE(victim.is_ready());
  victim.kill(SIGKILL);
  const auto scene = scene_in(file_);
  EXPECT_THAT(scene.slots, SizeIs(2));
  EXPECT_FALSE(of_cell(scene, "order").mark);
  EXPECT_FALSE(of_cell(scene, "warehouse").mark);
  EXPECT_FALSE(scene.outside);
}

TEST_F(ProcessDeath, ByASignalOfSomebodyElseNamesTheSender) {
  victim_process victim{file_, "wait"};
  ASSERT_TRUE(victim.is_ready());
  victim.kill(SIGABRT);  // As a watchdog does.
  const auto scene = scene_in(file_);
  std::vector<int> senders;
  if (scene.outside) senders.push_back(scene.outside->sender);
  for (const auto& one : scene.slots)
    if (one.mark) senders.push_back(one.mark->sender);
  EXPECT_THAT(senders, ElementsAre(::getpid()));
}

TEST_F(ProcessDeath, DuringACommitNamesNoMessage) {
  (void)victim_process{file_, "commit"}.end();
  const auto scene = scene_in(file_);
  const auto& order = of_cell(scene, "order");
  EXPECT_EQ(order.phase, slot_phase::committing);
  EXPECT_TRUE(order.mark);
}

TEST_F(ProcessDeath, AfterAPlannedStopBeganShowsTheMark) {
  victim_process victim{file_, "draining"};
  ASSERT_TRUE(victim.is_ready());
  victim.kill(SIGKILL);
  EXPECT_TRUE(scene_in(file_).was_draining);
}

TEST_F(ProcessDeath, OfAChildIsNotOurs) {
  victim_process victim{file_, "child"};
  ASSERT_TRUE(victim.is_ready());
  victim.kill(SIGKILL);
  const auto scene = scene_in(file_);
  EXPECT_FALSE(of_cell(scene, "order").mark);
  EXPECT_FALSE(scene.outside);
}

TEST_F(ProcessDeath, SparesAMessageThatCameAfterASurvivedSignal) {
  victim_process victim{file_, "survive"};
  ASSERT_TRUE(victim.is_ready());
  victim.kill(SIGKILL);
  const auto scene = scene_in(file_);
  const auto& order = of_cell(scene, "order");
  EXPECT_EQ(order.seq, 12U);
  EXPECT_FALSE(order.mark);
}

}  // namespace
}  // namespace musiccorp::delivery

// Real small programs and real signals.
#include "supervision/process_supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "base/ensure.hpp"
#include "describe/json.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::supervision {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::string_view ready_and_wait = "echo ready http://127.0.0.1:1; exec tail -f /dev/null";

class ProcessSupervisor : public ::testing::Test {
 protected:
  ProcessSupervisor() {
    // All threads of this program must leave the signals to the supervisor.
    sigset_t taken;
    sigemptyset(&taken);
    for (const int one : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&taken, one);
    pthread_sigmask(SIG_BLOCK, &taken, &before_);
    auto name = (std::filesystem::temp_directory_path() / "supervision-test-XXXXXX").string();
    ensure(mkdtemp(name.data()) != nullptr, "there is a folder for scratch files");
    folder_ = name;
    setup_.say = [this](std::string_view line, bool) { note(std::string{line}); };
    setup_.on_ready = [this](std::string_view child, std::string_view) { note("up " + std::string{child}); };
    setup_.on_all_ready = [this] { note("all up"); };
    setup_.options.intensity = 3;
    setup_.options.period = 60s;
  }
  ~ProcessSupervisor() override {
    if (running_ && ended_.valid()) {
      running_->stop(true);
      ended_.wait();
    }
    thread_ = {};
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  void add(std::string id, std::string_view script, std::optional<duration> ready_within = 20s) {
    process_child child;
    child.spec.id = std::move(id);
    child.spec.ready_within = ready_within;
    child.command = {"/bin/sh", {"-c", std::string{script}}, {{"SCRATCH", folder_.string()}}};
    setup_.children.push_back(std::move(child));
  }
  void run() {
    running_ = std::move(process_supervisor::make(std::move(setup_)).value());
    std::promise<process_supervisor_end> ended;
    ended_ = ended.get_future();
    thread_ = std::jthread{[this, ended = std::move(ended)]() mutable { ended.set_value(running_->run()); }};
  }
  process_supervisor_end wait_for_end() {
    ensure(ended_.wait_for(30s) == std::future_status::ready, "the process supervisor ends");
    return ended_.get();
  }
  /// Waits until a line contains this as often as wanted; false when that takes too long.
  bool hears(std::string_view text, std::ptrdiff_t times = 1) {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, 30s, [&] {
      return std::ranges::count_if(lines_, [&](const auto& line) { return line.find(text) != line.npos; }) >= times;
    });
  }
  std::vector<std::string> lines() {
    const std::lock_guard hold{mutex_};
    return lines_;
  }
  std::string contents(const std::string& file) {
    std::ifstream stream{folder_ / file};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

  process_supervisor_setup setup_;
  std::filesystem::path folder_;
  std::unique_ptr<process_supervisor> running_;
  std::future<process_supervisor_end> ended_;

  void note(std::string line) {
    const std::lock_guard hold{mutex_};
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

 private:
  telemetry::captured_logs logs_;
  sigset_t before_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::jthread thread_;
};

TEST_F(ProcessSupervisor, StartsEachWhenTheOneBeforeIsReadyAndStopsInReverse) {
  for (const auto* id : {"zoo", "ant"})
    add(id, "trap 'echo bye; exit 0' TERM; echo ready here; while :; do tail -f /dev/null & wait; done");
  run();
  ASSERT_TRUE(hears("all up"));
  EXPECT_EQ(lines(),
            (std::vector<std::string>{"zoo | ready here", "up zoo", "ant | ready here", "up ant", "all up"}));
  running_->stop();
  const auto end = wait_for_end();
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.why.kind, end_kind::shutdown);
  const auto heard = lines();
  EXPECT_EQ((std::vector<std::string>{heard.end() - 2, heard.end()}),
            (std::vector<std::string>{"ant | bye", "zoo | bye"}));
}

TEST_F(ProcessSupervisor, RestartsWhatWasKilled) {
  add("node", "echo $$ >> $SCRATCH/pids; " + std::string{ready_and_wait});
  run();
  ASSERT_TRUE(hears("up node"));
  const auto killed = std::chrono::steady_clock::now();
  kill(std::stoi(contents("pids")), SIGKILL);
  ASSERT_TRUE(hears("up node", 2));
  EXPECT_LT(std::chrono::steady_clock::now() - killed, 10s);  // Some 10 ms on a quiet machine.
  running_->stop();
  EXPECT_EQ(wait_for_end().exit_code, 0);
}

TEST_F(ProcessSupervisor, GivesUpWithTheLastCauseAndANonZeroCode) {
  add("steady", ready_and_wait);
  add("node", "echo ready here; echo run >> $SCRATCH/runs; kill -SEGV $$");
  run();
  const auto end = wait_for_end();
  EXPECT_EQ(end.exit_code, 70);
  EXPECT_EQ(end.why.kind, end_kind::exhausted);
  EXPECT_THAT(end.why.text, HasSubstr("node: ended by signal 11"));
  EXPECT_EQ(contents("runs"), "run\nrun\nrun\nrun\n");
}

TEST_F(ProcessSupervisor, WhoeverSaidTheLastWordMayEndHoweverItLikesAndOthersMayNot) {
  setup_.options.shutdown = auto_shutdown::all_significant;
  setup_.on_done = [this](std::string_view child) { note("done " + std::string{child}); };
  const auto says_it = [](std::string_view end) {
    return "echo $$ >> $SCRATCH/$0; echo ready here; trap 'exit 0' TERM; while read line < $SCRATCH/pipe-$0; do "
           "[ \"$line\" = go ] && echo over; [ \"$line\" = end ] && " +
           std::string{end} + "; done";
  };
  for (const auto& [id, end] : {std::pair{"polite", "exit 0"}, std::pair{"dying", "kill -9 $$"}}) {
    ensure(mkfifo((folder_ / (std::string{"pipe-"} + id)).c_str(), 0600) == 0, "a pipe");
    add(id, says_it(end));
    auto& made = setup_.children.back();
    made.command.arguments.emplace_back(id);
    made.spec.restart = restart_kind::transient;
    made.spec.significant = true;
    made.last_word = "over";
  }
  const auto tell = [this](const std::string& id, std::string_view word) {
    std::ofstream{folder_ / ("pipe-" + id)} << word << std::endl;
  };
  run();
  ASSERT_TRUE(hears("all up"));
  tell("polite", "end");
  ASSERT_TRUE(hears("up polite", 2)) << "code 0 alone is no last word";
  tell("polite", "go");
  ASSERT_TRUE(hears("polite | over"));
  tell("polite", "end");
  ASSERT_TRUE(hears("done polite"));
  tell("dying", "end");
  ASSERT_TRUE(hears("up dying", 2));
  tell("dying", "go");
  ASSERT_TRUE(hears("dying | over"));
  tell("dying", "end");
  const auto end = wait_for_end();
  EXPECT_EQ(end.exit_code, 0) << "all are done";
  EXPECT_EQ(end.why.kind, end_kind::shutdown);
  EXPECT_TRUE(hears("done dying"));
  for (const auto* file : {"polite", "dying"})
    EXPECT_EQ(std::ranges::count(contents(file), '\n'), 2) << file << " was started again";
}

TEST_F(ProcessSupervisor, AFirstStartThatFailsIsTold) {
  add("node", "echo no such config >&2; exit 78");
  run();
  const auto end = wait_for_end();
  EXPECT_EQ(end.exit_code, 69);
  EXPECT_EQ(end.why.text, "node: ended with code 78");
  EXPECT_THAT(lines(), Contains("node | no such config"));
}

TEST_F(ProcessSupervisor, AProgramThatIsNotThereIsTold) {
  add("node", "");
  setup_.children[0].command.program = "/nowhere/node";
  run();
  const auto end = wait_for_end();
  EXPECT_EQ(end.exit_code, 69);
  EXPECT_EQ(end.why.text, "node: cannot run /nowhere/node: No such file or directory");
}

TEST_F(ProcessSupervisor, OneThatIsNotReadyInTimeIsKilled) {
  add("node", "exec tail -f /dev/null", 50ms);
  run();
  const auto end = wait_for_end();
  EXPECT_EQ(end.exit_code, 69);
  EXPECT_EQ(end.why.text, "node: not up within 50 ms");
}

TEST_F(ProcessSupervisor, OneThatDoesNotStopInTimeIsKilled) {
  add("deaf", "trap '' TERM; echo ready here; while :; do tail -f /dev/null; done");
  setup_.children[0].spec.stop = stop_limit::within(50ms);
  run();
  ASSERT_TRUE(hears("all up"));
  running_->stop();
  EXPECT_EQ(wait_for_end().exit_code, 0);
}

TEST_F(ProcessSupervisor, ASecondStopHurries) {
  add("deaf", "trap 'echo deaf to it' TERM; echo ready here; while :; do tail -f /dev/null & wait; done");
  setup_.children[0].spec.stop = stop_limit::unlimited();
  run();
  ASSERT_TRUE(hears("all up"));
  kill(getpid(), SIGTERM);
  ASSERT_TRUE(hears("deaf to it"));
  kill(getpid(), SIGTERM);
  EXPECT_EQ(wait_for_end().exit_code, 0);
}

TEST_F(ProcessSupervisor, RealSignalsStopOrReachTheChildren) {
  for (const auto* id : {"a", "b"})
    add(id, "trap 'echo heard you' USR1; echo ready here; while :; do tail -f /dev/null & wait; done");
  run();
  ASSERT_TRUE(hears("all up"));
  kill(getpid(), SIGUSR1);
  EXPECT_TRUE(hears("a | heard you"));
  EXPECT_TRUE(hears("b | heard you"));
  kill(getpid(), SIGINT);
  EXPECT_EQ(wait_for_end().why.kind, end_kind::shutdown);
}

TEST_F(ProcessSupervisor, AStopComesThroughWhileAChildFailsToComeBack) {
  setup_.options.intensity = 1000;
  setup_.options.backoff = {.delay_first = 10s, .delay_max = 10s, .jitter = 0, .immediate = 1};
  add("node", "echo run; test -e $SCRATCH/once && exit 3; touch $SCRATCH/once; echo ready here; exit 3");
  run();
  ASSERT_TRUE(hears("| run", 2));
  running_->stop();
  EXPECT_EQ(wait_for_end().exit_code, 0);
}

TEST_F(ProcessSupervisor, PassesOnWhatIsSaidAlsoWithoutALineEnd) {
  add("node", "echo ready here; echo one; echo two >&2; printf three; kill -KILL $$");
  setup_.options.intensity = 0;
  run();
  EXPECT_EQ(wait_for_end().exit_code, 70);
  for (const auto* line : {"node | one", "node | two", "node | three"}) EXPECT_THAT(lines(), Contains(line));
}

/// The state letter of a process, Z for one that nobody has reaped; nothing when it is gone.
std::string state_of(const std::string& pid) {
  std::ifstream stream{"/proc/" + pid + "/stat"};
  std::string number, name, state;
  stream >> number >> name >> state;
  return state;
}

TEST_F(ProcessSupervisor, LeavesNothingBehindThatAChildHasStarted) {
  add("node", "tail -f /dev/null & echo started $!; " + std::string{ready_and_wait});
  run();
  ASSERT_TRUE(hears("all up"));
  const auto line = lines().at(0);
  const auto pid = line.substr(line.rfind(' ') + 1);
  EXPECT_FALSE(state_of(pid).empty());
  running_->stop();
  EXPECT_EQ(wait_for_end().exit_code, 0);
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  auto state = state_of(pid);
  for (; !state.empty() && state != "Z" && std::chrono::steady_clock::now() < give_up; state = state_of(pid))
    std::this_thread::yield();
  EXPECT_TRUE(state.empty() || state == "Z") << state;
}

TEST_F(ProcessSupervisor, IsShownOnABoard) {
  setup_.board = std::make_shared<supervision_board>();
  const auto board = setup_.board;
  add("node", "echo ready here; test -e $SCRATCH/once && exec tail -f /dev/null; touch $SCRATCH/once; exit 3");
  run();
  ASSERT_TRUE(hears("up node", 2));
  const auto seen = board->tree().at(0);
  EXPECT_EQ(seen.children.at(0).causes.at(0).text, "ended with code 3");
  running_->stop();
  (void)wait_for_end();
}

TEST(LineSplitter, CutsAtEndsAndAtItsLength) {
  using list = std::vector<std::string>;
  line_splitter lines;
  EXPECT_EQ(lines.take("one\ntw"), list{"one"});
  EXPECT_EQ(lines.take("o\n\nthr"), (list{"two", ""}));
  EXPECT_EQ(lines.rest(), "thr");
  EXPECT_EQ(lines.rest(), "");
  const auto cut = lines.take(std::string(line_splitter::length_max + 10, 'x'));
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut[0].size(), line_splitter::length_max);
  EXPECT_EQ(lines.rest(), std::string(10, 'x'));
  EXPECT_EQ(lines.take(std::string(line_splitter::length_max - 1, 'y') + "\n").size(), 1U);
}

}  // namespace
}  // namespace musiccorp::supervision

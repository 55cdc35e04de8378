#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <utility>

#include "base/random.hpp"
#include "samples.hpp"
#include "scratch_folder.hpp"
#include "storage/sqlite_store.hpp"

namespace musiccorp::storage {
namespace {

/// A process of its own, and the numbers that it reports.
class child_process {
 public:
  explicit child_process(const std::function<void(std::function<void(std::uint64_t)>)>& work) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      work([&](std::uint64_t number) { (void)!::write(ends[1], &number, sizeof number); });
      ::_exit(0);
    }
    ::close(ends[1]);
    reports_ = ends[0];
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() {
    if (pid_ > 0) kill();
    ::close(reports_);
  }

  /// The next report; nothing when the process is over.
  [[nodiscard]] std::optional<std::uint64_t> next() const {
    std::uint64_t number = 0;
    if (::read(reports_, &number, sizeof number) != sizeof number) return std::nullopt;
    return number;
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  int reports_ = -1;
};

/// Commits one message after the other and reports each number when the commit has returned.
void commit_for_ever(const std::filesystem::path& file, const std::function<void(std::uint64_t)>& report) {
  auto opened = open_sqlite_store(file);
  if (!opened) return;
  auto& store = **opened;
  for (;;) {
    auto message = sample_event();
    message.payload.assign(2000, 'p');
    const bool written = store.begin() && store.append(message) &&
                         store.save("order", std::to_string(message.seq), "body") &&
                         store.save(cursor_row{"catalog", message.seq, 1, 1, 0, 0}) && store.commit();
    if (!written) return;
    report(message.seq);
  }
}

TEST(SqliteStore, KeepsEveryReportedCommitWhenItsProcessIsKilled) {
  const scratch_folder folder;
  const auto file = folder / "order.db";
  base::random_source random{20260131};
  std::uint64_t reported = 0;

  for (int round = 0; round < 20; ++round) {
    child_process child{[&](const auto& report) { commit_for_ever(file, report); }};
    for (auto left = random.below(60) + 1; left > 0; --left) {
      const auto number = child.next();
      ASSERT_TRUE(number) << "round " << round;
      reported = *number;
    }
    child.kill();
    while (const auto number = child.next()) reported = *number;

    const auto opened = open_sqlite_store(file);
    ASSERT_TRUE(opened) << opened.error().text;
    auto& store = **opened;
    ASSERT_GE(store.last_seq(), reported) << "round " << round;
    ASSERT_EQ(store.cursors().value().at(0).seq, store.last_seq());
    ASSERT_EQ(store.count("order").value(), store.last_seq());
    ASSERT_EQ(store.published().value().at(0).count, store.last_seq());
    reported = store.last_seq();
  }
}

void limit_file_size(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(SqliteStore, GoesOnWhenThereIsRoomAgain) {
  const scratch_folder folder;
  const auto file = folder / "order.db";
  child_process child{[&](const auto& report) {
    auto& store = *open_sqlite_store(file).value().release();
    const auto commit = [&] {
      auto message = sample_event();
      return store.begin() && store.append(message) && store.commit();
    };
    ::signal(SIGXFSZ, SIG_IGN);
    limit_file_size(300'000);
    while (commit()) {
    }
    report(store.last_seq());
    report(commit() ? 1 : 0);
    limit_file_size(RLIM_INFINITY);
    report(commit() ? 1 : 0);
  }};
  const auto committed = child.next();
  ASSERT_TRUE(committed);
  EXPECT_GT(*committed, 10u);
  EXPECT_EQ(child.next(), 0u) << "there is still no room";
  EXPECT_EQ(child.next(), 1u) << "there is room again";
  child.kill();
  EXPECT_EQ(open_sqlite_store(file).value()->last_seq(), *committed + 1);
}

TEST(SqliteStore, BelongsToOneProcess) {
  const scratch_folder folder;
  const auto file = folder / "order.db";
  const auto ours = open_sqlite_store(file).value();
  child_process child{[&](const auto& report) {
    const auto theirs = open_sqlite_store(file);
    report(theirs ? 0 : static_cast<std::uint64_t>(theirs.error().kind));
  }};
  EXPECT_EQ(child.next(), static_cast<std::uint64_t>(fault_kind::busy));
}

}  // namespace
}  // namespace musiccorp::storage

#include "delivery/oom_kills.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/random.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::delivery {
namespace {

void write(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file} << text;
}

TEST(OomKills, AreReadFromTheMachineAndTheOwnCgroup) {
  const storage::scratch_folder root;
  write(root / "proc/vmstat", "nr_free_pages 17\noom_kill 5\nswap_ra 3\n");
  write(root / "proc/self/cgroup", "4:memory:/other\n0::/shop.slice/node\n");
  write(root / "sys/fs/cgroup/shop.slice/node/memory.events", "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\n");
  EXPECT_EQ(read_oom_kill_counts(root.path()), (oom_kill_counts{5, 2, base::stable_hash("/shop.slice/node")}));
}

TEST(OomKills, CountNothingWhereNothingCanBeRead) {
  const storage::scratch_folder root;
  EXPECT_EQ(read_oom_kill_counts(root.path()), oom_kill_counts{});
  write(root / "proc/vmstat", "oom_kill many\n");
  write(root / "proc/self/cgroup", "4:memory:/other\n");
  EXPECT_EQ(read_oom_kill_counts(root.path()), oom_kill_counts{});
}

TEST(OomKills, InTheOwnCgroupDecide) {
  EXPECT_TRUE(oom_killed_between({5, 2, 1}, {6, 3, 1}));
  EXPECT_FALSE(oom_killed_between({5, 2, 1}, {9, 2, 1})) << "somebody else's";
}

TEST(OomKills, OfTheMachineDecideWithoutACgroup) {
  EXPECT_TRUE(oom_killed_between({5, 0, 0}, {6, 0, 0}));
  EXPECT_FALSE(oom_killed_between({5, 0, 0}, {5, 0, 0}));
  EXPECT_TRUE(oom_killed_between({5, 2, 1}, {6, 0, 9})) << "the container is a new one, its count began again";
  EXPECT_TRUE(oom_killed_between({5, 2, 1}, {6, 0, 1})) << "so it is when the new one has the old one's name";
}

}  // namespace
}  // namespace musiccorp::delivery

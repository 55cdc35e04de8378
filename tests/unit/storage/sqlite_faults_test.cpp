#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_vfs.hpp"
#include "samples.hpp"
#include "scratch_folder.hpp"
#include "storage/sqlite_store.hpp"

namespace musiccorp::storage {
namespace {

using ::testing::HasSubstr;

/// A store on a disk that fails when it is told to.
class SqliteStoreOnABadDisk : public ::testing::Test {
 protected:
  SqliteStoreOnABadDisk() { open(); }
  void open(durability how = durability::fsync) {
    store_.reset();
    store_ = open_sqlite_store(file_, how).value();
  }

  /// One turn: an entity and a message, with `padding` bytes.
  result<void> turn(const std::string& key, std::size_t padding = 10) {
    if (auto begun = store_->begin(); !begun) return begun;
    auto message = sample_event();
    message.key = key;
    result<void> done = store_->save("order", key, std::string(padding, 'b'));
    if (done) done = store_->append(message);
    if (done) done = store_->save(cursor_row{"catalog", message.seq, 1, 1, 0, 0});
    if (done) return store_->commit();
    store_->rollback();
    return done;
  }

  void expect_turns(std::uint64_t count) {
    EXPECT_EQ(store_->last_seq(), count);
    EXPECT_EQ(store_->read_log(0, {}).value().size(), count);
    EXPECT_EQ(store_->count("order").value(), count);
    EXPECT_EQ(store_->published().value().at(0).count, count);
    EXPECT_EQ(store_->cursors().value().at(0).seq, count);
  }

  void expect_trouble(const result<void>& done, fault_kind kind, const std::string& said) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, kind) << done.error().text;
    EXPECT_THAT(done.error().text, HasSubstr(file_.native()));
    EXPECT_THAT(done.error().text, HasSubstr(said));
  }

  faulty_vfs disk_;
  scratch_folder folder_;
  std::filesystem::path file_ = folder_ / "order.db";
  std::unique_ptr<store> store_;
};

TEST_F(SqliteStoreOnABadDisk, RollsBackWhenTheDiskIsFullAndGoesOnWhenThereIsRoom) {
  ASSERT_TRUE(turn("a"));
  disk_.fail({.write = SQLITE_FULL});
  expect_trouble(turn("b"), fault_kind::storage, "disk is full");
  expect_turns(1);
  expect_trouble(turn("b"), fault_kind::storage, "make room");
  disk_.heal();
  ASSERT_TRUE(turn("b"));
  expect_turns(2);
  open();
  expect_turns(2);
}

TEST_F(SqliteStoreOnABadDisk, RollsBackWhenAWriteFailsHalfWay) {
  ASSERT_TRUE(turn("a"));
  for (int writes = 0; writes < 6; ++writes) {
    disk_.fail({.write = SQLITE_IOERR_WRITE, .writes_before = writes});
    expect_trouble(turn("b"), fault_kind::storage, "I/O error");
    expect_turns(1);
  }
  disk_.heal();
  ASSERT_TRUE(turn("b"));
  open();
  expect_turns(2);
}

TEST_F(SqliteStoreOnABadDisk, RollsBackWhenTheFsyncFails) {
  ASSERT_TRUE(turn("a"));
  disk_.fail({.sync = SQLITE_IOERR_FSYNC});
  expect_trouble(turn("b"), fault_kind::storage, "I/O error");
  expect_turns(1);
  disk_.heal();
  ASSERT_TRUE(turn("c"));
  expect_turns(2);
  open();
  expect_turns(2);
  EXPECT_FALSE(store_->find("order", "b").value());
}

TEST_F(SqliteStoreOnABadDisk, KeepsAFailedCommitFailedWhenTheProcessIsKilled) {
  ASSERT_TRUE(turn("a"));
  disk_.fail({.sync = SQLITE_IOERR_FSYNC});
  ASSERT_FALSE(turn("b"));
  disk_.heal();
  const auto left = folder_ / "left.db";  // What the dead process leaves.
  std::filesystem::copy_file(file_, left);
  std::filesystem::copy_file(file_.native() + "-wal", left.native() + "-wal");
  store_ = open_sqlite_store(left).value();
  expect_turns(1);
}

TEST_F(SqliteStoreOnABadDisk, AllowsOnlyRollbackAfterAFaultInsideATransaction) {
  ASSERT_TRUE(turn("a"));
  ASSERT_TRUE(store_->begin());
  disk_.fail({.write = SQLITE_FULL});
  result<void> saved;
  for (int i = 0; saved && i < 1000; ++i) saved = store_->save("big", std::to_string(i), std::string(1 << 16, 'x'));
  expect_trouble(saved, fault_kind::storage, "disk is full");  // The page cache is full before the commit.
  disk_.heal();
  EXPECT_FALSE(store_->save("order", "b", "b"));
  EXPECT_FALSE(store_->find("order", "a"));
  expect_trouble(store_->commit(), fault_kind::storage, "disk is full");
  expect_turns(1);
  ASSERT_TRUE(turn("b"));
  expect_turns(2);
}

TEST_F(SqliteStoreOnABadDisk, ReportsReadsThatFail) {
  ASSERT_TRUE(turn("a", 100'000));
  open();
  disk_.fail({.read = SQLITE_IOERR_READ});
  const auto found = store_->find("order", "a");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, fault_kind::storage);
  EXPECT_THAT(found.error().text, HasSubstr(file_.native()));
  disk_.heal();
  EXPECT_TRUE(store_->find("order", "a").value());
  expect_turns(1);
}

TEST_F(SqliteStoreOnABadDisk, LosesNothingWhenACheckpointFails) {
  disk_.fail({.name_ends = ".db", .write = SQLITE_FULL});
  std::uint64_t turns = 0;
  for (; turns < 30; ++turns) ASSERT_TRUE(turn(std::to_string(turns), 1 << 20));
  disk_.heal();
  open();
  expect_turns(turns);
}

TEST_F(SqliteStoreOnABadDisk, RefusesToOpenWhatItCannotRead) {
  ASSERT_TRUE(turn("a"));
  store_.reset();
  disk_.fail({.read = SQLITE_IOERR_READ});
  const auto opened = open_sqlite_store(file_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, fault_kind::storage);
  disk_.heal();
  open();
  expect_turns(1);
}

TEST_F(SqliteStoreOnABadDisk, LeavesNoHalfMadeStoreBehind) {
  const auto fresh = folder_ / "fresh.db";
  for (int writes = 0; writes < 20; ++writes) {
    disk_.fail({.write = SQLITE_FULL, .writes_before = writes});
    const auto opened = open_sqlite_store(fresh);
    if (opened) break;
    EXPECT_EQ(opened.error().kind, fault_kind::storage) << opened.error().text;
    EXPECT_FALSE(std::filesystem::exists(fresh));
  }
  disk_.heal();
  EXPECT_TRUE(open_sqlite_store(fresh));
}

TEST_F(SqliteStoreOnABadDisk, FsyncsOncePerCommitThatWrites) {
  ASSERT_TRUE(turn("a"));
  disk_.syncs = 0;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(turn("b"));
  EXPECT_EQ(disk_.syncs, 5);
  ASSERT_TRUE(store_->begin());
  EXPECT_TRUE(store_->find("order", "a").value());
  ASSERT_TRUE(store_->commit());
  EXPECT_EQ(disk_.syncs, 5) << "nothing was written";
  EXPECT_EQ(store_->statistics().fsyncs, 6u);
}

TEST_F(SqliteStoreOnABadDisk, DoesNotFsyncWhenOnlyTheProcessMayDie) {
  open(durability::process);
  ASSERT_TRUE(turn("a"));
  disk_.syncs = 0;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(turn("b"));
  EXPECT_EQ(disk_.syncs, 0);
  EXPECT_EQ(store_->statistics().fsyncs, 0u);
}

}  // namespace
}  // namespace musiccorp::storage

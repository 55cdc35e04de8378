#include "storage/sqlite_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "samples.hpp"
#include "scratch_folder.hpp"
#include "storage/sqlite_schema.hpp"

namespace musiccorp::storage {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class SqliteFile : public ::testing::Test {
 protected:
  /// A store with `messages` messages, closed properly.
  void make(int messages = 1) {
    auto made = open_sqlite_store(file_).value();
    ASSERT_TRUE(made->begin());
    for (int i = 0; i < messages; ++i) {
      auto message = sample_event();
      ASSERT_TRUE(made->append(message));
    }
    ASSERT_TRUE(made->commit());
  }
  /// The same, but as a killed process leaves it: the messages are in the WAL only.
  void make_with_wal(int messages = 1) {
    const auto copy = folder_ / "copy.db";
    {
      auto open = open_sqlite_store(copy).value();
      ASSERT_TRUE(open->begin());
      for (int i = 0; i < messages; ++i) {
        auto message = sample_event();
        ASSERT_TRUE(open->append(message));
      }
      ASSERT_TRUE(open->commit());
      fs::copy_file(copy, file_);
      fs::copy_file(copy.native() + "-wal", wal_);
    }
  }
  /// SQL by somebody else; leaves a WAL.
  void change(const std::string& sql) {
    auto other = sqlite::connection::open(file_, true).value();
    const auto done = other.run(sql);
    ASSERT_TRUE(done) << done.error().text;
  }

  void expect_refused(fault_kind kind, const std::string& said) {
    const auto before = std::pair{bytes_of(file_), bytes_of(wal_)};
    const auto opened = open_sqlite_store(file_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, kind) << opened.error().text;
    EXPECT_THAT(opened.error().text, HasSubstr(file_.native()));
    EXPECT_THAT(opened.error().text, HasSubstr(said));
    EXPECT_TRUE((std::pair{bytes_of(file_), bytes_of(wal_)} == before)) << "the file was changed";
  }

  void cut(const fs::path& file, std::uintmax_t size) { fs::resize_file(file, size); }
  void overwrite(std::size_t at, std::string_view with) {
    write_bytes(file_, bytes_of(file_).replace(at, with.size(), with));
  }

  scratch_folder folder_;
  fs::path file_ = folder_ / "order.db";
  fs::path wal_ = folder_ / "order.db-wal";
};

TEST_F(SqliteFile, IsMadeWithItsFolder) {
  const auto stores = sqlite_stores(folder_ / "data" / "shop");
  ASSERT_TRUE(stores->open("order"));
  EXPECT_TRUE(fs::exists(folder_ / "data" / "shop" / "order.db"));
}

TEST_F(SqliteFile, SaysWhenItsFolderCannotBeMade) {
  write_bytes(folder_ / "data", "a file");
  const auto opened = sqlite_stores(folder_ / "data" / "shop")->open("order");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, fault_kind::storage);
  EXPECT_THAT(opened.error().text, HasSubstr("cannot be made"));
}

TEST_F(SqliteFile, IsOneFileAfterAProperClose) {
  make();
  EXPECT_FALSE(fs::exists(wal_));
  EXPECT_EQ(open_sqlite_store(file_).value()->last_seq(), 1u);
}

TEST_F(SqliteFile, KeepsWhatOnlyTheWalHolds) {
  make_with_wal(100);
  EXPECT_EQ(open_sqlite_store(file_).value()->last_seq(), 100u);
}

TEST_F(SqliteFile, SaysHowManyTransactionsOfADamagedWalAreGone) {
  const auto copy = folder_ / "copy.db";
  {
    auto open = open_sqlite_store(copy).value();
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(open->begin());
      auto message = sample_event();
      ASSERT_TRUE(open->append(message));
      ASSERT_TRUE(open->commit());
    }
    fs::copy_file(copy, folder_ / "whole.db");
    fs::copy_file(copy.native() + "-wal", folder_ / "whole.db-wal");
  }
  const auto wal = bytes_of(folder_ / "whole.db-wal");
  constexpr std::size_t frame = 24 + 4096;
  const auto frames = (wal.size() - 32) / frame;
  const auto opened_with = [&](const std::string& bytes) {
    fs::copy_file(folder_ / "whole.db", file_, fs::copy_options::overwrite_existing);
    fs::remove(file_.native() + "-shm");
    write_bytes(wal_, bytes);
    const auto store = open_sqlite_store(file_).value();
    return std::pair{store->last_seq(), store->statistics().unreadable};
  };
  const auto damaged_at = [&](std::size_t at) {
    auto bytes = wal;
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    return opened_with(bytes);
  };
  using outcome = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(opened_with(wal), (outcome{10, 0}));
  EXPECT_EQ(opened_with(wal.substr(0, wal.size() - frame / 2)), (outcome{9, 0})) << "as a dead process leaves it";
  EXPECT_EQ(opened_with(wal.substr(0, 20)), (outcome{0, 0}));
  const auto middle = damaged_at(32 + frame * (frames / 2) + 100);
  EXPECT_GT(middle.second, 0u);
  EXPECT_EQ(middle.first + middle.second, 10u);
  EXPECT_EQ(damaged_at(32 + frame * (frames - 1) + 100), (outcome{9, 1}));
  EXPECT_EQ(damaged_at(32 + 100), (outcome{0, 10})) << "its first frame";
  EXPECT_EQ(damaged_at(32 + frame * (frames / 2) + 8), middle) << "a frame that looks like an older one";
  EXPECT_EQ(damaged_at(25), (outcome{0, 10})) << "its header";
}

TEST_F(SqliteFile, ThatWasEmptiedIsRefused) {
  write_bytes(file_, "");
  expect_refused(fault_kind::corrupt, "is empty");
  fs::remove(file_);
  make();
  cut(file_, 0);
  expect_refused(fault_kind::corrupt, "is empty");
}

TEST_F(SqliteFile, ThatIsGoneIsNotMadeAgain) {
  make();
  fs::remove(file_);
  for (int i = 0; i < 2; ++i) {
    const auto opened = open_sqlite_store(file_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, fault_kind::corrupt);
    EXPECT_THAT(opened.error().text, HasSubstr("is gone, and there was a store of this name"));
    EXPECT_FALSE(fs::exists(file_));
  }
  fs::remove(file_.native() + ".lock");
  EXPECT_TRUE(open_sqlite_store(file_)) << "a folder without any trace of it is a new one";
}

TEST_F(SqliteFile, IsMadeAnewWhenTheFirstAttemptWasInterrupted) {
  write_bytes(file_.native() + ".lock", "4711\n");
  write_bytes(file_.native() + ".new", "half");
  write_bytes(file_.native() + ".new-journal", "half");
  EXPECT_TRUE(open_sqlite_store(file_));
  EXPECT_FALSE(fs::exists(file_.native() + ".new"));
}

TEST_F(SqliteFile, OfANewerProgramIsRefused) {
  make();
  const auto next = std::to_string(sqlite::schema_steps().size() + 1);
  change("PRAGMA journal_mode = DELETE; PRAGMA user_version = " + next);
  EXPECT_EQ(bytes_of(wal_), "");
  expect_refused(fault_kind::unsupported, "schema version " + next);
}

TEST_F(SqliteFile, OfANewerProgramIsRefusedWhenOnlyItsWalSaysSo) {
  make();
  change("PRAGMA user_version = " + std::to_string(sqlite::schema_steps().size() + 1));
  EXPECT_GT(bytes_of(wal_).size(), 0u);
  expect_refused(fault_kind::unsupported, "start the newer program");
}

TEST_F(SqliteFile, OfAnotherProgramIsRefused) {
  change("CREATE TABLE notes (text)");
  expect_refused(fault_kind::corrupt, "another program");
}

TEST_F(SqliteFile, ThatIsNoDatabaseIsRefused) {
  write_bytes(file_, std::string(8192, 'n'));
  expect_refused(fault_kind::corrupt, "not a SQLite database");
  write_bytes(file_, "short");
  expect_refused(fault_kind::corrupt, "too short");
}

TEST_F(SqliteFile, MustBeAFile) {
  fs::create_directory(file_);
  expect_refused(fault_kind::storage, "is not a file");
}

TEST_F(SqliteFile, ThatWasTruncatedIsRefused) {
  make(1000);
  cut(file_, 20 * 4096);  // The schema itself is whole.
  expect_refused(fault_kind::corrupt, "truncated");
}

TEST_F(SqliteFile, ThatWasTruncatedIsRefusedThoughThereIsAWal) {
  make(1000);
  change("UPDATE log SET payload = 'other' WHERE seq = 1");
  cut(file_, 20 * 4096);  // The schema itself is whole.
  expect_refused(fault_kind::corrupt, "truncated");
}

TEST_F(SqliteFile, ThatIsGoneButForItsWalIsRefused) {
  make_with_wal();
  cut(file_, 0);
  expect_refused(fault_kind::corrupt, "-wal file has content");
  fs::remove(file_);
  expect_refused(fault_kind::corrupt, "-wal file has content");
}

TEST_F(SqliteFile, WithADamagedHeaderIsRefused) {
  make();
  overwrite(16, std::string_view{"\x12\x34", 2});
  expect_refused(fault_kind::corrupt, "damaged header");
}

TEST_F(SqliteFile, WithADamagedSchemaIsRefused) {
  make();
  overwrite(100, std::string(200, '\x55'));
  expect_refused(fault_kind::corrupt, "restore");
}

TEST_F(SqliteFile, WithoutOneOfItsTablesIsRefused) {
  make();
  change("DROP TABLE waiting");
  expect_refused(fault_kind::corrupt, "waiting");
}

TEST_F(SqliteFile, WhoseCountsDoNotFitItsLogIsRefused) {
  make();
  change("UPDATE log SET seq = 5");
  expect_refused(fault_kind::corrupt, "log ends at 5");
}

TEST_F(SqliteFile, ReportsDamageThatIsFoundLater) {
  make(1000);
  const auto middle = bytes_of(file_).size() / 4096 / 2 * 4096;
  overwrite(middle, std::string(4096, '\x55'));
  auto opened = open_sqlite_store(file_).value();
  const auto read = opened->read_log(0, {.messages = 1000, .bytes = 1 << 30});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, fault_kind::corrupt) << read.error().text;
  EXPECT_THAT(read.error().text, HasSubstr(file_.native()));
  EXPECT_THAT(read.error().text, HasSubstr("backup"));
}

TEST_F(SqliteFile, MayBeReadByOthersWhileItIsOpen) {
  auto ours = open_sqlite_store(file_).value();
  auto reader = sqlite::connection::open(file_, false).value();
  for (std::int64_t expected = 1; expected <= 3; ++expected) {
    ASSERT_TRUE(ours->begin());
    auto message = sample_event();
    ASSERT_TRUE(ours->append(message));
    ASSERT_TRUE(ours->commit());
    EXPECT_EQ(reader.number("SELECT count(*) FROM log").value(), expected);
  }
}

TEST_F(SqliteFile, NamesItsOwnerWhenItIsHeld) {
  const auto ours = open_sqlite_store(file_).value();
  const auto other = open_sqlite_store(file_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, fault_kind::busy);
  EXPECT_THAT(other.error().text, HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(SqliteFile, HasNamesThatCannotLeaveTheFolder) {
  const auto stores = sqlite_stores(folder_ / "data");
  for (const auto* name : {"", "../order", "a/b", ".hidden"})
    EXPECT_EQ(stores->open(name).error().kind, fault_kind::invalid) << name;
}

TEST_F(SqliteFile, IsTakenToTheNextVersionInOneTransaction) {
  make(2);
  const auto known = sqlite::schema_steps();
  const auto now = static_cast<std::int64_t>(known.size());
  auto file = sqlite::connection::open(file_, false).value();

  std::vector<const char*> broken{known.begin(), known.end()};
  broken.push_back("ALTER TABLE log ADD COLUMN tenant TEXT");
  auto good = broken;
  broken.push_back("ALTER TABLE nothing ADD COLUMN x");
  EXPECT_FALSE(sqlite::migrate(file, broken));
  EXPECT_EQ(file.number("PRAGMA user_version").value(), now);
  EXPECT_EQ(file.number("SELECT count(*) FROM pragma_table_info('log') WHERE name = 'tenant'").value(), 0);

  ASSERT_TRUE(sqlite::migrate(file, good));
  EXPECT_EQ(file.number("PRAGMA user_version").value(), now + 1);
  EXPECT_EQ(file.number("SELECT count(*) FROM log WHERE tenant IS NULL").value(), 2);
  ASSERT_TRUE(sqlite::migrate(file, good)) << "there is nothing left to do";
}

TEST_F(SqliteFile, OfTheFirstVersionKeepsWhatWaitsInIt) {
  std::filesystem::remove(file_);
  {
    auto old = sqlite::connection::open(file_, true).value();
    ASSERT_TRUE(sqlite::migrate(old, sqlite::schema_steps().first(1)));
    ASSERT_TRUE(
        old.run("INSERT INTO waiting VALUES ('order', 7, 3, 'o-1', 5, 0, 1, 2, 'attempts', 'busy', 7, 8, 0, 1,"
                " 'order.placed', 'o-1', 'm', 'order', '', 'c', '', '', '', '', '', '{}');"
                "INSERT INTO answer VALUES ('k', 1, 201, 't', '{}', 5)"));
  }
  auto opened = open_sqlite_store(file_);
  ASSERT_TRUE(opened) << opened.error().text;
  const auto row = (*opened)->find_waiting("order", 7).value();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->attempts, 5);
  EXPECT_EQ(row->replay, 0);
  EXPECT_EQ(row->message.type, "order.placed");
  EXPECT_EQ((*opened)->waiting().value().front().state, waiting_state::dead);
  EXPECT_EQ((*opened)->find_answer("k").value()->conversation, "");
}

}  // namespace
}  // namespace musiccorp::storage

#include "cluster/epoch_book.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace musiccorp::cluster {
namespace {

using ::testing::HasSubstr;

const ownership first{5, "a", "x"};

TEST(EpochBook, KnowsANewOwnerAStaleOneAndAClash) {
  epoch_book book;
  EXPECT_EQ(book.weigh("order", first), claim::new_owner);
  EXPECT_TRUE(book.note("order", first));
  EXPECT_EQ(book.weigh("order", first), claim::known);
  EXPECT_EQ(book.weigh("order", {4, "a", "x"}), claim::stale);
  EXPECT_EQ(book.weigh("order", {5, "a", "y"}), claim::clash);
  EXPECT_EQ(book.weigh("order", {6, "a", "y"}), claim::new_owner);
}

/// It may be a new node, whose epochs begin with 1.
TEST(EpochBook, TakesAPartitionThatHasMovedToAnotherNodeUnderAnyEpoch) {
  epoch_book book;
  (void)book.note("order", first);
  EXPECT_EQ(book.weigh("order", {1, "b", "y"}), claim::new_owner);
  EXPECT_TRUE(book.note("order", {1, "b", "y"}));
  EXPECT_EQ(book.weigh("order", {1, "b", "z"}), claim::clash);
}

TEST(EpochBook, NeverGoesBack) {
  epoch_book book;
  (void)book.note("order", first);
  EXPECT_FALSE(book.note("order", {4, "a", "y"}));
  EXPECT_FALSE(book.note("order", first));
  EXPECT_EQ(book.owner_of("order"), first);
}

class EpochFile : public ::testing::Test {
 protected:
  const musiccorp::testing::temporary_folder folder;
  const std::filesystem::path file = folder.path() / "epochs.json";
};

TEST_F(EpochFile, IsAnEmptyBookWhenItIsNotThere) {
  const auto read = read_epochs(file);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->all().empty());
}

TEST_F(EpochFile, KeepsTheBook) {
  epoch_book book;
  (void)book.note("order", first);
  (void)book.note("order/2", {18'446'744'073'709'551'615U, "b", "y"});
  ASSERT_TRUE(write_epochs(file, book));
  ASSERT_TRUE(write_epochs(file, book));
  const auto read = read_epochs(file);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->all(), book.all());
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".new"));
}

TEST_F(EpochFile, IsRefusedByNameWhenItIsNotWhatWasWritten) {
  for (const auto* text : {"", "{\"partitions\":{\"order\":{\"epoch\":5,\"nod", "[]"}) {
    std::ofstream{file} << text;
    const auto read = read_epochs(file);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, fault_kind::corrupt);
    EXPECT_THAT(read.error().text, HasSubstr(file.string()));
  }
}

TEST_F(EpochFile, SaysWhenTheDiskDoesNotTakeIt) {
  const auto written = write_epochs("/proc/no-such-folder/epochs.json", {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, fault_kind::storage);
}

}  // namespace
}  // namespace musiccorp::cluster

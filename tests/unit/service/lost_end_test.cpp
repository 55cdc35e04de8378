#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/sqlite_store.hpp"
#include "support/little_world.hpp"
#include "support/temporary_folder.hpp"
#include "unit/service/toy_services.hpp"

/// A store that is not the one that it was: emptied, or an older copy that was put back. Numbers of messages are used
/// again then, and whoever went on by numbers alone would miss what they now stand for.
namespace musiccorp {
namespace {

using namespace toys;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class LostEnd : public ::testing::Test {
 protected:
  void sell(int many) {
    for (int i = 0; i < many; ++i) {
      const auto token = world_.ask("till", buy{std::to_string(++sold_), "disc"});
      world_.settle();
      const auto reply = world_.reply(token);
      ASSERT_TRUE(reply && std::holds_alternative<request::answer>(*reply)) << "sale " << sold_;
    }
  }
  /// Sales that the book has counted.
  std::int64_t booked() {
    const auto token = world_.ask("book", show_total{"all"});
    world_.settle();
    return describe::from_json<total>(std::get<request::answer>(*world_.reply(token)).payload).value().sales;
  }

  [[nodiscard]] fs::path file(const std::string& service) const { return folder_.path() / (service + ".db"); }
  void keep(const std::string& service) {
    world_.restart(service, [&] { copy(file(service), folder_.path() / "kept"); });
    world_.settle();
  }
  void put_back(const std::string& service) {
    world_.restart(service, [&] { copy(folder_.path() / "kept", file(service)); });
    world_.settle();
  }
  static void copy(const fs::path& from, const fs::path& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  }

  testing::temporary_folder folder_;
  mischief trouble_;
  testing::little_world world_{services(trouble_), 3, {}, storage::sqlite_stores(folder_.path())};
  int sold_ = 0;
};

TEST_F(LostEnd, OfAPublisherHoldsItsStreams) {
  sell(3);
  keep("till");
  sell(4);
  ASSERT_EQ(booked(), 7);
  world_.restart("till", [&] {
    copy(file("till"), folder_.path() / "true");
    copy(folder_.path() / "kept", file("till"));
  });
  world_.settle();
  EXPECT_THAT(world_.refused("till:book"), HasSubstr("has lost its end"));
  EXPECT_THAT(world_.refused("till:stamper"), HasSubstr("has lost its end"));
  EXPECT_THAT(world_.refused("stamper:till"), HasSubstr("the store of till was emptied or replaced by an older one"));
}

TEST_F(LostEnd, IsSeenWhenTheLogHasGrownPastIt) {
  sell(3);
  keep("till");
  sell(2);
  sold_ = 100;
  world_.restart("till", [&] { copy(folder_.path() / "kept", file("till")); });
  sell(6);  // The copy has as many messages as the lost log, and more.
  world_.restart("book");
  world_.settle();
  EXPECT_THAT(world_.refused("till:book"), HasSubstr("was replaced by an older one, and has gone on"));
  EXPECT_EQ(booked(), 5) << "nothing under numbers that it knows otherwise";
}

TEST_F(LostEnd, OfASubscriberHoldsItsStream) {
  sell(2);
  keep("book");
  sell(3);
  put_back("book");
  EXPECT_THAT(world_.refused("till:book"), HasSubstr("book was emptied or replaced by an older one"));
  sell(1);
  EXPECT_EQ(booked(), 2);
  EXPECT_EQ(world_.refused("till:stamper"), "");
}

TEST_F(LostEnd, IsNoneWhenTheCopyHasAllThatWasSaid) {
  sell(3);
  for (const auto* service : {"till", "book"}) {
    keep(service);
    put_back(service);
    EXPECT_EQ(world_.refused("till:book"), "");
    sell(1);
  }
  EXPECT_EQ(booked(), 5);
}

TEST_F(LostEnd, IsMendedByTheTrueStore) {
  sell(2);
  keep("book");
  sell(2);
  world_.restart("book", [&] {
    copy(file("book"), folder_.path() / "true");
    copy(folder_.path() / "kept", file("book"));
  });
  world_.settle();
  ASSERT_NE(world_.refused("till:book"), "");
  sell(1);
  world_.restart("book", [&] { copy(folder_.path() / "true", file("book")); });
  world_.settle();
  EXPECT_EQ(world_.refused("till:book"), "");
  EXPECT_EQ(booked(), 5);
  EXPECT_EQ(world_.books("till:book").imbalance(), 0);
}

}  // namespace
}  // namespace musiccorp

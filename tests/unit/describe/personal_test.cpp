#include "describe/personal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace musiccorp::describe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct home {
  std::string street;
  std::int32_t number = 0;
  static constexpr auto describe() {
    return describe_as("home", 1, field("street", &home::street), field("number", &home::number));
  }
};
struct guest {
  std::string id;
  std::string name;
  std::vector<home> homes;
  std::optional<std::int64_t> age;
  std::map<std::string, std::string> friends;
  raw_json notes;
  bool is_vip = true;
  static constexpr auto describe() {
    return describe_as("guest", 1, musiccorp::key("id", &guest::id), field("name", &guest::name, pii),
                       field("homes", &guest::homes, pii), field("age", &guest::age, pii),
                       field("friends", &guest::friends, pii), field("notes", &guest::notes, pii),
                       field("is_vip", &guest::is_vip, pii, defaulted));
  }
};

TEST(PersonalValues, AreWhatStandsInPiiFieldsAndBelowThem) {
  const guest one{"g-1", "Ada", {{"Main Street", 7}}, 36, {{"Bob/B", "close"}}, {R"({"diet":["eggs"]})"}, true};
  EXPECT_THAT(personal_values(one),
              ElementsAre(personal_value{"/name", "Ada"}, personal_value{"/homes/0/street", "Main Street"},
                          personal_value{"/homes/0/number", "7"}, personal_value{"/age", "36"},
                          personal_value{"/friends/Bob~1B", "Bob/B"}, personal_value{"/friends/Bob~1B", "close"},
                          personal_value{"/notes", "eggs"}));
}

TEST(PersonalValues, AreNoneWhereNothingIsSaid) {
  EXPECT_THAT(personal_values(guest{"g-1", "", {}, {}, {}, {}}), IsEmpty());
}

TEST(TextsIn, GoesAsFarAsTheDocumentCanBeRead) {
  EXPECT_THAT(texts_in(R"({"a":"one","b":[1,"tw\u006f",true],"c":"three)"), ElementsAre("one", "two"));
  EXPECT_THAT(texts_in("no JSON"), IsEmpty());
}

}  // namespace
}  // namespace musiccorp::describe

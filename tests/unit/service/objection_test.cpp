#include "service/objection.hpp"

#include <gtest/gtest.h>

namespace musiccorp::service {
namespace {

struct home {
  std::string street;
  static constexpr auto describe() { return describe_as("objection_home", 1, field("street", &home::street)); }
};

struct complaint {
  std::string id;
  std::string email;
  home at;
  std::vector<std::int64_t> numbers;
  std::string note;

  static constexpr auto describe() {
    return describe_as("objection_complaint", 1, key("id", &complaint::id), field("email", &complaint::email, pii),
                       field("at", &complaint::at, pii), field("numbers", &complaint::numbers),
                       field("note", &complaint::note, defaulted));
  }
};

class Objection : public ::testing::Test {
 protected:
  /// What is found at this place of a complaint.
  std::string found(const std::string& pointer, const std::string& said_already = {}) const {
    message::envelope asked;
    asked.type = describe::name_of<complaint>();
    asked.payload = R"({"id": "c/1", "email": "ada@example.org", "at": {"street": "1 Long Lane"}, "numbers": [7, -12],
                        "other": {"x": "y"}})";
    base::rejected no{.text = "no", .pointer = pointer, .found = said_already};
    add_finding(no, types_, asked);
    return no.found;
  }

 private:
  message::catalogue types_ = message::catalogue{}.add<complaint>();
};

TEST_F(Objection, ShowsWhatStandsAtItsPlace) {
  EXPECT_EQ(found("/id"), R"("c/1")");
  EXPECT_EQ(found("/numbers/1"), "-12");
  EXPECT_EQ(found("/numbers"), "[7,-12]");
}

TEST_F(Objection, MasksPersonalData) {
  EXPECT_EQ(found("/email"), R"("***")");
  EXPECT_EQ(found("/at/street"), R"("***")");
  EXPECT_EQ(found("/at"), R"({"street":"***"})");
}

TEST_F(Objection, ShowsNothingThatWasNotSaidOrIsNotKnown) {
  for (const auto* pointer : {"/note", "/numbers/2", "/numbers/x", "/nothing", "no pointer", "/other", ""})
    EXPECT_EQ(found(pointer), "") << pointer;
}

TEST_F(Objection, LeavesARuleItsOwnWords) { EXPECT_EQ(found("/id", "two of them"), "two of them"); }

}  // namespace
}  // namespace musiccorp::service

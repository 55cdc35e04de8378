#include "message/scrubber.hpp"

#include <gtest/gtest.h>

namespace musiccorp::message {
namespace {

struct parcel {
  std::string parcel_id;
  std::string name;
  std::string email;
  std::int64_t weight = 0;

  static constexpr auto describe() {
    return describe_as("parcel", 1, key("parcel_id", &parcel::parcel_id), field("name", &parcel::name, pii),
                       field("email", &parcel::email, pii), field("weight", &parcel::weight));
  }
};

struct scale {
  std::string scale_id;

  static constexpr auto describe() { return describe_as("scale", 1, key("scale_id", &scale::scale_id)); }
};

/// Personal only in what it holds.
struct load {
  std::vector<parcel> parcels;

  static constexpr auto describe() { return describe_as("load", 1, field("parcels", &load::parcels)); }
};

scrubber scrubber_of(const std::string& payload, std::string type = "parcel") {
  message::catalogue types;
  types.add<parcel>().add<scale>().add<load>();
  envelope message;
  message.type = std::move(type);
  message.payload = payload;
  scrubber scrub;
  scrub.learn(types, message);
  return scrub;
}

TEST(Scrubber, CutsOutPersonalValuesWhereverTheyStand) {
  const auto scrub = scrubber_of(R"({"parcel_id":"p","name":"Ada Lovelace","email":"ada@example.org","weight":1})");
  EXPECT_EQ(scrub("no house of ADA LOVELACE<ada@example.org>"), "no house of ***<***>");
}

TEST(Scrubber, CutsOutShortValuesOnlyAsWords) {
  const auto scrub = scrubber_of(R"({"parcel_id":"p","name":"Al","email":"x","weight":1})");
  EXPECT_EQ(scrub("Al, call Albert about al: x exits"), "***, call Albert about ***: *** exits");
}

TEST(Scrubber, CutsOutValuesAsTheyAreWrittenInJson) {
  const auto scrub = scrubber_of(R"({"parcel_id":"p","name":"Ada \"The\" Great","email":"","weight":1})");
  EXPECT_EQ(scrub(R"(found {"name":"Ada \"The\" Great"})"), R"(found {"name":"***"})");
}

TEST(Scrubber, TakesEveryTextOfAnUnknownMessageForPersonal) {
  const auto scrub = scrubber_of(R"({"who":"Grace Hopper","list":["Navy"]})", "unknown");
  EXPECT_EQ(scrub("Grace Hopper of the Navy"), "*** of the ***");
}

TEST(Scrubber, LeavesTextsAboutMessagesWithoutPersonalFieldsAlone) {
  const auto scrub = scrubber_of(R"({"scale_id":"s-1"})", "scale");
  EXPECT_EQ(scrub("s-1 is broken"), "s-1 is broken");
}

TEST(Scrubber, FindsPersonalFieldsInsideOthers) {
  const auto scrub =
      scrubber_of(R"({"parcels":[{"parcel_id":"p","name":"Ada Lovelace","email":"","weight":1}]})", "load");
  EXPECT_EQ(scrub("Ada Lovelace has p"), "*** has p");
}

TEST(Scrubber, TakesEveryTextOfAPayloadThatIsNotOfItsTypeForPersonal) {
  const auto scrub = scrubber_of(R"({"scale_id":7,"owner":"Ada Lovelace"})", "scale");
  EXPECT_EQ(scrub("Ada Lovelace's scale"), "***'s scale");
}

}  // namespace
}  // namespace musiccorp::message

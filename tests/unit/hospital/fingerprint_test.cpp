#include "hospital/fingerprint.hpp"

#include <gtest/gtest.h>

namespace musiccorp::hospital {
namespace {

TEST(Normalised, ReplacesWhatDiffersFromCaseToCase) {
  EXPECT_EQ(normalised("there is no order 01J8ZQ4T0M3N5P7R9SABCDEFGH"), "there is no order #");
  EXPECT_EQ(normalised("wanted 3, found 17.5"), "wanted #, found #");
  EXPECT_EQ(normalised("read of 0x7fff12ab failed"), "read of # failed");
  EXPECT_EQ(normalised("id 123e4567-e89b-12d3-a456-426614174000 is taken"), "id # is taken");
  EXPECT_EQ(normalised("since 2026-01-31T08:09:10.5Z"), "since #");
  EXPECT_EQ(normalised("too  many\n\tspaces "), "too many spaces");
  EXPECT_EQ(normalised("1 2 3 go"), "# go");
}

TEST(Normalised, ReplacesTheKeyOfTheMessage) {
  EXPECT_EQ(normalised("no shelf for disco-inferno.", "disco-inferno"), "no shelf for #.");
  EXPECT_EQ(normalised("disco-infernos", "disco-inferno"), "disco-infernos");
}

TEST(Normalised, KeepsWhatTellsOneErrorFromAnother) {
  EXPECT_EQ(normalised("no price of zero ends in .99"), "no price of zero ends in #");
  EXPECT_NE(normalised("the card is expired"), normalised("the card is stolen"));
}

TEST(Normalised, HasAnEnd) { EXPECT_LE(normalised(std::string(5'000, '!')).size(), 400U); }

TEST(Fingerprint, DiffersByServiceTypeErrorAndBacktrace) {
  const auto one = fingerprint("post", "parcel", "error", "trace");
  EXPECT_EQ(one.size(), 16U);
  EXPECT_EQ(one, fingerprint("post", "parcel", "error", "trace"));
  EXPECT_NE(one, fingerprint("mail", "parcel", "error", "trace"));
  EXPECT_NE(one, fingerprint("post", "letter", "error", "trace"));
  EXPECT_NE(one, fingerprint("post", "parcel", "another", "trace"));
  EXPECT_NE(one, fingerprint("post", "parcel", "error", "other"));
}

}  // namespace
}  // namespace musiccorp::hospital

#include "message/envelope.hpp"

#include <gtest/gtest.h>

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/deep_to_string.hpp>

#include "describe/json.hpp"
#include "support/random_value.hpp"

namespace {

using namespace musiccorp;

envelope paid() {
  return {.id = "01J",
          .type = "payment.received",
          .version = 2,
          .key = "o-1",
          .source = "payment",
          .seq = 12,
          .occurred = instant{duration{1'700'000'000'000'001}},
          .payload = R"({"order_id":"o-1","email":"someone@example.org"})"};
}

TEST(Envelope, TravelsAsJson) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto sent = support::value_maker{seed}.make<envelope>();
    const auto got = describe::from_json<envelope>(describe::to_json(sent));
    ASSERT_TRUE(got) << "seed " << seed << ": " << got.error().text;
    ASSERT_EQ(*got, sent) << "seed " << seed;
  }
}

TEST(Envelope, TravelsBetweenNodes) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    auto sent = support::value_maker{seed}.make<envelope>();
    std::vector<char> bytes;
    caf::binary_serializer sink{static_cast<caf::execution_unit*>(nullptr), bytes};
    ASSERT_FALSE(sink(sent));
    envelope got;
    caf::binary_deserializer source{static_cast<caf::execution_unit*>(nullptr), bytes};
    ASSERT_FALSE(source(got)) << "seed " << seed;
    ASSERT_EQ(got, sent) << "seed " << seed;
  }
}

TEST(Envelope, SaysWhatItIsWhenPrintedButNotItsPayload) {
  const auto printed = caf::deep_to_string(paid());
  EXPECT_NE(printed.find("payment.received"), std::string::npos) << printed;
  EXPECT_EQ(printed.find("example.org"), std::string::npos) << printed;
}

TEST(Envelope, WithoutAnAddresseeIsAnEvent) {
  auto message = paid();
  EXPECT_TRUE(message.is_event());
  message.to = "inventory";
  EXPECT_FALSE(message.is_event());
}

TEST(Envelope, NeedsOnlyWhatNobodyCanGuess) {
  EXPECT_TRUE(
      describe::from_json<envelope>(R"({"id":"1","type":"t","version":1,"key":"k","source":"http","payload":"{}"})"));
  const auto got = describe::from_json<envelope>("{}");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().problems.size(), 6U);
}

TEST(Envelope, CountsItsBytes) {
  EXPECT_EQ(paid().size(), sizeof(envelope) + 3 + 16 + 3 + 7 + paid().payload.size());
}

}  // namespace

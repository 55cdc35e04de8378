#include "message/catalogue.hpp"

#include <gtest/gtest.h>

#include "base/ensure.hpp"

namespace {

using namespace musiccorp;
using message::catalogue;

/// Third version: the amount in cents, with a currency.
struct price_changed {
  std::string item;
  std::int64_t cents = 0;
  std::string currency;
  static constexpr auto describe() {
    return describe_as("price.changed", 3, key("item", &price_changed::item), field("cents", &price_changed::cents),
                       field("currency", &price_changed::currency));
  }
};

struct price_changed_1 {
  std::string item;
  double euros = 0;
  static constexpr auto describe() {
    return describe_as("price.changed", 1, key("item", &price_changed_1::item),
                       field("euros", &price_changed_1::euros));
  }
};

struct price_changed_2 {
  std::string item;
  std::int64_t cents = 0;
  static constexpr auto describe() {
    return describe_as("price.changed", 2, key("item", &price_changed_2::item),
                       field("cents", &price_changed_2::cents));
  }
};

result<std::string> euros_to_cents(std::string_view payload) {
  return describe::from_json<price_changed_1>(payload).map([](const price_changed_1& old) {
    return describe::to_json(price_changed_2{old.item, static_cast<std::int64_t>(old.euros * 100 + 0.5)});
  });
}

result<std::string> add_currency(std::string_view payload) {
  return describe::from_json<price_changed_2>(payload).map([](const price_changed_2& old) {
    return describe::to_json(price_changed{old.item, old.cents, "EUR"});
  });
}

catalogue prices() {
  catalogue made;
  made.add<price_changed>();
  made.upcast("price.changed", 1, euros_to_cents).upcast("price.changed", 2, add_currency);
  return made;
}

envelope of_version(std::int32_t version, std::string payload) {
  return {.type = "price.changed", .version = version, .payload = std::move(payload)};
}

TEST(Catalogue, KnowsWhatWasAdded) {
  const auto types = prices();
  ASSERT_NE(types.find("price.changed"), nullptr);
  EXPECT_EQ(types.find("price.changed")->version, 3);
  EXPECT_EQ(types.find("price.changed")->shape, &describe::shape_of<price_changed>());
  EXPECT_EQ(types.find("price"), nullptr);
  EXPECT_EQ(types.all().size(), 1U);
}

TEST(Catalogue, AddingATypeTwiceIsFineTwoTypesOfOneNameAreNot) {
  auto types = prices();
  types.add<price_changed>();
  EXPECT_THROW(types.add<price_changed_1>(), base::broken_promise);
  EXPECT_THROW(types.upcast("nothing", 1, add_currency), base::broken_promise);
}

TEST(Catalogue, BringsOldPayloadsUpToDate) {
  auto first = of_version(1, R"({"item":"kind-of-blue","euros":19.99})");
  ASSERT_TRUE(prices().bring_up_to_date(first));
  EXPECT_EQ(first.version, 3);
  EXPECT_EQ(first.payload, R"({"item":"kind-of-blue","cents":1999,"currency":"EUR"})");

  auto second = of_version(2, R"({"item":"kind-of-blue","cents":1999})");
  ASSERT_TRUE(prices().bring_up_to_date(second));
  EXPECT_EQ(second.payload, first.payload);
}

TEST(Catalogue, LeavesTheCurrentVersionAlone) {
  auto current = of_version(3, "not even read");
  ASSERT_TRUE(prices().bring_up_to_date(current));
  EXPECT_EQ(current.payload, "not even read");
}

TEST(Catalogue, RefusesWhatItDoesNotKnow) {
  const auto types = prices();
  envelope unknown{.type = "price.guessed"};
  const auto no_type = types.bring_up_to_date(unknown);
  ASSERT_FALSE(no_type);
  EXPECT_EQ(no_type.error().kind, fault_kind::schema);
  EXPECT_EQ(no_type.error().text, "unknown message type price.guessed");

  for (const std::int32_t version : {4, 0, -1}) {
    auto other = of_version(version, "{}");
    const auto no_version = types.bring_up_to_date(other);
    ASSERT_FALSE(no_version);
    EXPECT_EQ(no_version.error().kind, fault_kind::schema);
    EXPECT_EQ(no_version.error().text,
              "price.changed has version " + std::to_string(version) + ", this program knows up to 3");
  }
}

TEST(Catalogue, TellsWhichUpcasterIsMissing) {
  catalogue types;
  types.add<price_changed>().upcast("price.changed", 1, euros_to_cents);
  auto old = of_version(1, R"({"item":"x","euros":1})");
  const auto done = types.bring_up_to_date(old);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, fault_kind::schema);
  EXPECT_EQ(done.error().text, "price.changed version 2 has no upcaster to the next version");
}

TEST(Catalogue, AnUpcasterMayRefuseThePayload) {
  auto broken = of_version(1, R"({"item":"x","euros":"many"})");
  const auto done = prices().bring_up_to_date(broken);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, fault_kind::invalid);
  EXPECT_EQ(done.error().text, R"(/euros: expected a number, found "many")");
  EXPECT_EQ(broken.version, 1);
  EXPECT_EQ(broken.payload, R"({"item":"x","euros":"many"})");
}

TEST(Catalogue, AnUpcasterThatThrowsIsTheMessagesTrouble) {
  catalogue types;
  types.add<price_changed>().upcast(
      "price.changed", 2, [](std::string_view) -> result<std::string> { throw std::out_of_range{"no such member"}; });
  auto old = of_version(2, "{}");
  const auto done = types.bring_up_to_date(old);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, fault_kind::crash);
  EXPECT_EQ(done.error().text, "price.changed version 2, upcaster: no such member");
  EXPECT_EQ(old.version, 2);
}

TEST(Catalogue, RoundTripShowsWhatAReaderKeeps) {
  const auto types = prices();
  const auto kept = types.find("price.changed")->round_trip(R"({"currency":"EUR","cents":5,"item":"x","new":1})");
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, R"({"item":"x","cents":5,"currency":"EUR"})");
}

TEST(Catalogue, TakesInEverythingThatAnotherOneKnows) {
  catalogue all;
  all.add<price_changed>();
  all.add_all(prices());
  auto old = of_version(1, R"({"item":"x","euros":2})");
  ASSERT_TRUE(all.bring_up_to_date(old));
  EXPECT_EQ(old.payload, R"({"item":"x","cents":200,"currency":"EUR"})");
}

}  // namespace

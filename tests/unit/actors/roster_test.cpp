#include "roster/roster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/ensure.hpp"
#include "roster/catalog_file.hpp"
#include "service/wiring.hpp"

namespace musiccorp::roster {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path catalog_file = fs::path{MUSICCORP_SOURCE_DIR} / "config/catalog.json";

result<std::vector<service_definition>> with(const std::map<std::string, std::string>& settings) {
  return roster(settings, "/nonexistent", catalog_file);
}

std::vector<std::string> pointers(const fault& trouble) {
  std::vector<std::string> all;
  for (const auto& one : trouble.problems) all.push_back(one.pointer);
  return all;
}

/// A catalogue file with this text.
result<std::vector<messages::catalog_entry>> read(const std::string& text) {
  std::string pattern = (fs::temp_directory_path() / "musiccorp-catalog-XXXXXX").string();
  const int descriptor = ::mkstemp(pattern.data());
  ensure(descriptor >= 0, "there is a temporary file");
  std::ofstream{pattern} << text;
  auto items = read_catalog(pattern);
  fs::remove(pattern);
  return items;
}

TEST(Roster, HasEveryServiceOfTheShopAndTheyFitTogether) {
  const auto services = with({});
  ASSERT_TRUE(services) << services.error().text;
  std::vector<std::string> names;
  for (const auto& one : *services) names.push_back(one.name());
  EXPECT_THAT(names, ::testing::ElementsAre("catalog", "inventory", "customer", "order", "payment", "acquirer",
                                            "fraud", "warehouse", "shipping", "notification", "pricing", "hospital"));
  EXPECT_THAT(service::check(*services), IsEmpty());
}

TEST(Roster, LeavesNoMessageWithoutAReader) {
  const auto services = with({}).value();
  // Facts that nobody in the shop needs; the auditor will.
  const std::vector<std::string> for_later{"item.added", "stock.level_changed", "notification.sent"};
  for (const auto& publisher : services)
    for (const auto& type : publisher.says_types()) {
      // Treatments are handled by the runtime, in every service.
      const auto reads = [&](const auto& one) { return one.find(type) != nullptr || service::is_treatment(type); };
      if (!std::ranges::any_of(services, reads)) {
        EXPECT_THAT(for_later, Contains(type)) << publisher.name();
      }
    }
}

TEST(Roster, HasNoReaderWithoutAMessage) {
  const auto services = with({}).value();
  for (const auto& subscriber : services)
    for (const auto& handler : subscriber.handlers()) {
      const auto says = [&](const auto& one) { return one.says_type(handler.type); };
      const auto routes = [&](const auto& one) {
        return std::ranges::any_of(one.routes(), [&](const auto& route) { return route.type == handler.type; });
      };
      const auto asks = [&](const auto& one) {
        return std::ranges::any_of(one.handlers(), [&](const auto& other) {
          return std::ranges::any_of(other.asks, [&](const auto& ask) { return ask.question->name == handler.type; });
        });
      };
      // Said and asked by the runtime, in every service.
      const bool from_everybody = service::is_case_event(handler.type) || handler.type == "open_conversations";
      EXPECT_TRUE(from_everybody || std::ranges::any_of(services, says) || std::ranges::any_of(services, routes) ||
                  std::ranges::any_of(services, asks))
          << subscriber.name() << " waits for " << handler.type;
    }
}

TEST(Roster, TakesSettings) {
  EXPECT_TRUE(with({{"acquirer", R"({"delay_ms": 20, "declined_cards": ["x"]})"},
                    {"warehouse", R"({"package_units_max": 5})"},
                    {"fraud", R"({"flagged_from": 10})"},
                    {"notification", R"({"smtp_url": "smtp://127.0.0.1:1"})"},
                    {"hospital", R"({"kept_closed_days": 7})"},
                    {"order", "{}"}}));
}

TEST(Roster, RefusesAnUnknownKeyWithItsPointer) {
  const auto refused = with({{"warehouse", R"({"package_unit_max": 5})"}, {"order", R"({"speed": 1})"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, fault_kind::invalid);
  EXPECT_THAT(pointers(refused.error()),
              ::testing::UnorderedElementsAre("/warehouse/package_unit_max", "/order/speed"));
}

TEST(Roster, RefusesImpossibleValuesWithTheirPointers) {
  const auto refused = with({{"acquirer", R"({"fail_percent": 101, "delay_ms": "soon"})"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(pointers(refused.error()),
              ::testing::UnorderedElementsAre("/acquirer/fail_percent", "/acquirer/delay_ms"));
  EXPECT_THAT(refused.error().text, HasSubstr("/acquirer/"));
}

TEST(Roster, RefusesTextThatIsNoJson) {
  const auto refused = with({{"fraud", "{"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().problems.at(0).pointer, HasSubstr("/fraud"));
}

TEST(Roster, AsksWhetherAnotherServiceWasMeant) {
  const auto refused = with({{"warehosue", "{}"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().problems.at(0).pointer, "/warehosue");
  EXPECT_THAT(refused.error().problems.at(0).wanted, HasSubstr("warehouse"));
}

TEST(CatalogFile, OfTheShopCanBeRead) {
  const auto items = read_catalog(catalog_file);
  ASSERT_TRUE(items) << items.error().text;
  EXPECT_GE(items->size(), 300U);
}

TEST(CatalogFile, IsMissedByName) {
  const auto items = read_catalog("/nonexistent/catalog.json");
  ASSERT_FALSE(items);
  EXPECT_EQ(items.error().kind, fault_kind::not_found);
  EXPECT_THAT(items.error().text, HasSubstr("/nonexistent/catalog.json"));
}

TEST(CatalogFile, IsReadStrictly) {
  const auto item = [](const std::string& sku, const std::string& price, const std::string& more = "") {
    return R"({"sku": ")" + sku + R"(", "artist": "Can", "title": "Tago Mago", "year": 1971, "format": "LP", )" +
           R"("label": "UA", "price": {"amount_minor": )" + price + R"(, "currency": "EUR"}, "stock": 1)" + more +
           "}";
  };
  const auto file = [](const std::string& items) { return R"({"items": [)" + items + "]}"; };
  EXPECT_TRUE(read(file(item("MC-1", "100"))));
  EXPECT_THAT(pointers(read(file(item("MC-1", "100") + "," + item("MC-1", "100"))).error()),
              Contains("/items/1/sku"));
  EXPECT_THAT(pointers(read(file(item("MC-1", "-1"))).error()), Contains("/items/0/price/amount_minor"));
  EXPECT_THAT(pointers(read(file(item("MC-1", "1", R"(, "colour": "red")"))).error()), Contains("/items/0/colour"));
  EXPECT_FALSE(read("not json"));
}

}  // namespace
}  // namespace musiccorp::roster

// Services that know goods: catalog, inventory, warehouse, shipping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog_rules.hpp"
#include "inventory/inventory_rules.hpp"
#include "shipping/shipping_rules.hpp"
#include "support/rule_bench.hpp"
#include "warehouse/warehouse_rules.hpp"

namespace musiccorp {
namespace {

using namespace messages;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::rule_bench;
using ::testing::SizeIs;

// ---- catalog

void sell(rule_bench& bench, const std::string& sku, const std::string& artist, std::int64_t price = 1999) {
  bench.given(item_summary{sku, artist, "Title of " + sku, 1971, "LP", "Label", {price, "EUR"}});
}

TEST(Catalog, TellsEachItemThatItImports) {
  rule_bench bench{"catalog"};
  const std::vector<catalog_entry> entries{
      {"MC-1", "Can", "Tago Mago", 1971, "2LP", "United Artists", {3499, "EUR"}, 5}};
  bench.run([&](turn& now, const show_item&) { return catalog::import_items(now, entries), outcome{}; },
            show_item{"-"});
  ASSERT_THAT(bench.sent<item_added>(), SizeIs(1));
  EXPECT_EQ(bench.sent<item_added>()[0].label, "United Artists");
  EXPECT_EQ(bench.stored<item_summary>("MC-1")->price, (money{3499, "EUR"}));
}

TEST(Catalog, QuotesLineByLine) {
  rule_bench bench{"catalog"};
  sell(bench, "MC-1", "Can", 100);
  sell(bench, "MC-2", "Can", 200);
  const auto quote =
      bench.run(catalog::quote_lines, quote_prices{{{"MC-2", 1}, {"MC-1", 1}, {"MC-2", 3}}}).as<price_quote>();
  ASSERT_THAT(quote.items, SizeIs(3));
  EXPECT_EQ(quote.items[0].price.amount_minor, 200);
  EXPECT_EQ(quote.items[1].price.amount_minor, 100);
}

TEST(Catalog, NamesTheLineOfAnUnknownItem) {
  rule_bench bench{"catalog"};
  sell(bench, "MC-1", "Can");
  const auto said = bench.run(catalog::quote_lines, quote_prices{{{"MC-1", 1}, {"MC-9", 1}}});
  ASSERT_TRUE(said.is<rejected>());
  EXPECT_EQ(said.is<rejected>()->pointer, "/lines/1/sku");
  EXPECT_EQ(base::status_of(*said.is<rejected>()), 422);
  EXPECT_EQ(bench.run(catalog::quote_item, quote_price{"MC-9"}).is<rejected>()->pointer, "/sku");
}

TEST(Catalog, SellsForTheNewPrice) {
  rule_bench bench{"catalog"};
  sell(bench, "MC-1", "Can", 100);
  bench.run(catalog::change_price, price_changed{"MC-1", {299, "EUR"}, "job"});
  EXPECT_EQ(bench.run(catalog::answer_item, show_item{"MC-1"}).as<item_summary>().price.amount_minor, 299);
}

TEST(Catalog, PagesThroughEverything) {
  rule_bench bench{"catalog"};
  for (int i = 10; i < 17; ++i) sell(bench, "MC-" + std::to_string(i), i % 2 == 0 ? "Can" : "Neu!");
  std::vector<std::string> seen;
  list_catalog query{.page_size = 3};
  do {
    const auto page = bench.run(catalog::answer_catalog, query).as<catalog_page>();
    for (const auto& item : page.items) seen.push_back(item.sku);
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty());
  EXPECT_THAT(seen, ElementsAre("MC-10", "MC-11", "MC-12", "MC-13", "MC-14", "MC-15", "MC-16"));
}

TEST(Catalog, ShowsOneArtistPageByPage) {
  rule_bench bench{"catalog"};
  for (int i = 10; i < 17; ++i) sell(bench, "MC-" + std::to_string(i), i % 2 == 0 ? "Can" : "Neu!");
  const auto first =
      bench.run(catalog::answer_catalog, list_catalog{.artist = "Can", .page_size = 3}).as<catalog_page>();
  EXPECT_THAT(first.items, SizeIs(3));
  const auto rest = bench
                        .run(catalog::answer_catalog,
                             list_catalog{.artist = "Can", .page_size = 3, .page_token = first.next_page_token})
                        .as<catalog_page>();
  EXPECT_THAT(rest.items, SizeIs(1));
  EXPECT_EQ(rest.next_page_token, "");
}

// ---- inventory

class shelves : public rule_bench {
 public:
  explicit shelves(std::int64_t pieces) : rule_bench{"inventory"} {
    given(stock_summary{"MC-1", pieces, pieces, 0, 0});
    given(stock_summary{"MC-2", pieces, pieces, 0, 0});
  }
  std::vector<std::int64_t> of(const std::string& sku) {
    const auto stock = stored<stock_summary>(sku).value();
    return {stock.received, stock.on_hand, stock.reserved, stock.shipped};
  }
};

TEST(Inventory, NamesTheLineThatAsksForTooMuch) {
  shelves bench{5};
  EXPECT_TRUE(bench.run(inventory::check, check_stock{{{"MC-1", 5}, {"MC-2", 5}}}).is<service::answer>());
  const auto said = bench.run(inventory::check, check_stock{{{"MC-2", 5}, {"MC-1", 6}}});
  ASSERT_TRUE(said.is<rejected>());
  EXPECT_EQ(said.is<rejected>()->pointer, "/lines/1/quantity");
  EXPECT_EQ(said.is<rejected>()->wanted, "at most 5");
  EXPECT_EQ(base::status_of(*said.is<rejected>()), 409);
}

TEST(Inventory, SaysHowManyMayBeAskedForBehindOtherLinesOfTheItem) {
  shelves bench{5};
  const auto wanted = [&](std::vector<line> lines) {
    const auto said = bench.run(inventory::check, check_stock{std::move(lines)});
    return said.is<rejected>()->pointer + " " + said.is<rejected>()->wanted;
  };
  EXPECT_EQ(wanted({{"MC-1", 3}, {"MC-1", 3}}), "/lines/1/quantity at most 2");
  EXPECT_EQ(wanted({{"MC-1", 5}, {"MC-1", 1}}), "/lines/1/quantity ") << "nothing would be accepted there";
}

TEST(Inventory, AddsUpLinesOfTheSameItem) {
  shelves bench{5};
  EXPECT_EQ(bench.run(inventory::check, check_stock{{{"MC-1", 3}, {"MC-1", 3}}}).is<rejected>()->pointer,
            "/lines/1/quantity");
  bench.run(inventory::reserve, reserve_stock{"o-1", {{"MC-1", 2}, {"MC-1", 2}}});
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 1, 4, 0));
  EXPECT_THAT(bench.sent<stock_level_changed>(), SizeIs(1));
}

TEST(Inventory, ReservesAllLinesOrNone) {
  shelves bench{5};
  const auto said = bench.run(inventory::reserve, reserve_stock{"o-1", {{"MC-1", 1}, {"MC-2", 6}}});
  EXPECT_EQ(said.as<stock_rejected>().sku, "MC-2");
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 5, 0, 0));
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
}

TEST(Inventory, GivesARepeatTheFirstAnswerAndMovesNothing) {
  shelves bench{5};
  const reserve_stock request{"o-1", {{"MC-1", 4}}};
  EXPECT_EQ(bench.run(inventory::reserve, request).as<stock_reserved>().order_id, "o-1");
  EXPECT_EQ(bench.run(inventory::reserve, request).as<stock_reserved>().order_id, "o-1");
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 1, 4, 0));
}

TEST(Inventory, PutsCancelledGoodsBackOnce) {
  shelves bench{5};
  bench.run(inventory::reserve, reserve_stock{"o-1", {{"MC-1", 4}}});
  bench.run(inventory::release, order_cancelled{.order_id = "o-1"});
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 5, 0, 0));
  bench.run(inventory::release, order_cancelled{.order_id = "o-1"});
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 5, 0, 0));
}

TEST(Inventory, RefusesAReservationAfterTheCancel) {
  shelves bench{5};
  bench.run(inventory::release, order_cancelled{.order_id = "o-1"});
  EXPECT_EQ(bench.run(inventory::reserve, reserve_stock{"o-1", {{"MC-1", 1}}}).as<stock_rejected>().order_id, "o-1");
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 5, 0, 0));
}

TEST(Inventory, ShipsWhatWasReservedOnce) {
  shelves bench{5};
  bench.run(inventory::reserve, reserve_stock{"o-1", {{"MC-1", 4}}});
  bench.run(inventory::ship, order_packaged{.order_id = "o-1"});
  bench.run(inventory::ship, order_packaged{.order_id = "o-1"});
  EXPECT_THAT(bench.of("MC-1"), ElementsAre(5, 1, 0, 4));
}

TEST(Inventory, ShipsNothingThatIsNotReserved) {
  shelves bench{5};
  EXPECT_TRUE(bench.run(inventory::ship, order_packaged{.order_id = "o-1"}).is<fault>());
}

// ---- warehouse

payment_received paid(std::int64_t pieces) {
  return {"o-1",       "c-1", "Ada", "ada@example.org", {}, {{"MC-1", pieces, "Can", "Tago Mago", {100, "EUR"}}},
          {100, "EUR"}};
}

outcome pack(turn& now, const payment_received& event) {
  return warehouse::pack(now, event, {.package_units_max = 30});
}

TEST(Warehouse, PacksUpToTheLargestBox) {
  rule_bench bench{"warehouse"};
  bench.run(pack, paid(30));
  EXPECT_THAT(bench.sent<order_packaged>(), SizeIs(1));
  EXPECT_EQ(bench.stored<package_summary>("o-1")->units, 30);
  bench.run(pack, paid(30));
  EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
}

TEST(Warehouse, CannotPackMoreThanTheLargestBoxHolds) {
  rule_bench bench{"warehouse"};
  bench.run(pack, paid(31));
  EXPECT_THAT(bench.sent<order_packaged>(), IsEmpty());
  ASSERT_THAT(bench.sent<order_unfulfillable>(), SizeIs(1));
  EXPECT_EQ(bench.sent<order_unfulfillable>()[0].reason, "31 pieces, the largest box holds 30");
  EXPECT_EQ(bench.stored<package_summary>("o-1")->status, package_status::unfulfillable);
}

// ---- shipping

TEST(Shipping, ShipsWhenPaidAndPackagedInEitherOrder) {
  const order_packaged packaged{.order_id = "o-1", .name = "Ada"};
  for (const bool paid_first : {true, false}) {
    rule_bench bench{"shipping"};
    if (paid_first)
      bench.run(shipping::hear_paid, paid(1));
    else
      bench.run(shipping::hear_packaged, packaged);
    EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
    EXPECT_EQ(bench.run(shipping::answer_shipment, show_shipment{"o-1"}).as<shipment_summary>().status,
              shipment_status::waiting);
    if (paid_first)
      bench.run(shipping::hear_packaged, packaged);
    else
      bench.run(shipping::hear_paid, paid(1));
    ASSERT_THAT(bench.sent<order_shipped>(), SizeIs(1));
    EXPECT_EQ(bench.sent<order_shipped>()[0].tracking, "MC-o-1");
    bench.run(shipping::hear_paid, paid(1));
    bench.run(shipping::hear_packaged, packaged);
    EXPECT_THAT(bench.sent_envelopes(), IsEmpty());
  }
}

}  // namespace
}  // namespace musiccorp

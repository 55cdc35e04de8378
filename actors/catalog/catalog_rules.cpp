#include "catalog/catalog_rules.hpp"

#include <algorithm>
#include <string>

namespace musiccorp::catalog {

using namespace messages;

namespace {

quoted_item quote_of(const item_summary& item) { return {item.sku, item.artist, item.title, item.price}; }

rejected not_sold(std::string pointer) {
  return {.text = "the shop does not sell this item",
          .pointer = std::move(pointer),
          .status = 422,
          .wanted = "the sku of an item in the catalogue"};
}

/// Every item of one artist among the next `looked_at_max` ones.
catalog_page page_of_artist(turn& now, const list_catalog& query) {
  catalog_page page;
  const auto size = static_cast<std::size_t>(query.page_size);
  const auto looked_at = now.list<item_summary>({.after = query.page_token, .limit = looked_at_max});
  for (const auto& item : looked_at.items) {
    if (item.artist != query.artist) continue;
    page.items.push_back(item);
    if (page.items.size() < size) continue;
    page.next_page_token = item.sku;
    return page;
  }
  page.next_page_token = looked_at.next;
  return page;
}

}  // namespace

void import_items(turn& now, const std::vector<catalog_entry>& entries) {
  for (const auto& entry : entries) {
    now.save(item_summary{entry.sku, entry.artist, entry.title, entry.year, entry.format, entry.label, entry.price});
    now.publish(item_added{entry.sku, entry.artist, entry.title, entry.year, entry.format, entry.label, entry.price});
  }
}

outcome quote_lines(turn& now, const quote_prices& question) {
  price_quote quote;
  for (std::size_t i = 0; i < question.lines.size(); ++i) {
    const auto& sku = question.lines[i].sku;
    const auto item = now.find<item_summary>(sku);
    if (!item) return not_sold("/lines/" + std::to_string(i) + "/sku");
    quote.items.push_back(quote_of(*item));
  }
  return quote;
}

outcome quote_item(turn& now, const quote_price& question) {
  const auto item = now.find<item_summary>(question.sku);
  if (!item) return not_sold("/sku");
  return quote_of(*item);
}

outcome change_price(turn& now, const price_changed& event) {
  auto item = now.find<item_summary>(event.sku);
  if (!item)
    return fault{fault_kind::not_found, "a price for " + event.sku + ", which the shop does not sell", {}, {}};
  item->price = event.price;
  now.save(*item);
  return done{};
}

outcome answer_item(turn& now, const show_item& query) {
  const auto item = now.find<item_summary>(query.sku);
  if (!item) return no_such("item", query.sku);
  return *item;
}

outcome answer_catalog(turn& now, const list_catalog& query) {
  if (!query.artist.empty()) return page_of_artist(now, query);
  auto page = now.list<item_summary>({.after = query.page_token, .limit = static_cast<std::size_t>(query.page_size)});
  return catalog_page{std::move(page.items), std::move(page.next)};
}

}  // namespace musiccorp::catalog

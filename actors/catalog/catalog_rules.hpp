#pragma once

#include <vector>

#include "messages/catalog_entry.hpp"
#include "messages/catalog_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// What the shop sells and for how much. An item is kept as messages::item_summary.
namespace musiccorp::catalog {

/// Fills the empty catalogue and tells it: one item.added for each entry.
void import_items(turn& now, const std::vector<messages::catalog_entry>& entries);

outcome quote_lines(turn& now, const messages::quote_prices& question);
outcome quote_item(turn& now, const messages::quote_price& question);
/// price.changed: quotes from now on name the new price; accepted orders keep theirs.
outcome change_price(turn& now, const messages::price_changed& event);

outcome answer_item(turn& now, const messages::show_item& query);
/// With an artist, at most `looked_at_max` items are looked at for one page: a page may be short, or even empty, and
/// still have a next one.
outcome answer_catalog(turn& now, const messages::list_catalog& query);
inline constexpr std::size_t looked_at_max = 1000;

}  // namespace musiccorp::catalog

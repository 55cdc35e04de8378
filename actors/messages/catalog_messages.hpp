#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/line.hpp"
#include "messages/page.hpp"

/// What catalog answers and says.
namespace musiccorp::messages {

/// Question: what do these lines cost, one by one? Rejected with 422 and the pointer /lines/<i>/sku.
struct quote_prices {
  std::vector<line> lines{};

  static constexpr auto describe() {
    return describe_as("quote_prices", 1, field("lines", &quote_prices::lines, lines_limits));
  }
};

/// One item as it is sold now.
struct quoted_item {
  std::string sku{};
  std::string artist{};
  std::string title{};
  money price{};

  static constexpr auto describe() {
    return describe_as("quoted_item", 1, key("sku", &quoted_item::sku), field("artist", &quoted_item::artist),
                       field("title", &quoted_item::title), field("price", &quoted_item::price));
  }
};

/// Answer to quote_prices: one entry for each line, in the same order.
struct price_quote {
  std::vector<quoted_item> items{};

  static constexpr auto describe() { return describe_as("price_quote", 1, field("items", &price_quote::items)); }
};

/// Question: what does this item cost? Answered with a quoted_item; rejected with 422 and the pointer /sku.
struct quote_price {
  std::string sku{};

  static constexpr auto describe() {
    return describe_as("quote_price", 1, key("sku", &quote_price::sku, sku_length));
  }
};

/// Query: one item.
struct show_item {
  std::string sku{};

  static constexpr auto describe() { return describe_as("show_item", 1, key("sku", &show_item::sku, sku_length)); }
};

struct item_summary {
  std::string sku{};
  std::string artist{};
  std::string title{};
  std::int64_t year = 0;
  std::string format{};
  std::string label{};
  money price{};

  static constexpr auto describe() {
    return describe_as("item_summary", 1, key("sku", &item_summary::sku), field("artist", &item_summary::artist),
                       field("title", &item_summary::title),
                       field("year", &item_summary::year, "of the first release"),
                       field("format", &item_summary::format), field("label", &item_summary::label),
                       field("price", &item_summary::price));
  }
};

/// Query: the catalogue, sorted by sku.
struct list_catalog {
  std::string artist{};  ///< empty: all
  std::int64_t page_size = 50;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_catalog", 1,
                       field("artist", &list_catalog::artist, defaulted, at_most(200), "exactly this artist"),
                       field("page_size", &list_catalog::page_size, defaulted, page_size_limits),
                       field("page_token", &list_catalog::page_token, defaulted, page_token_length));
  }
};

struct catalog_page {
  std::vector<item_summary> items{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("catalog_page", 1, field("items", &catalog_page::items),
                       field("next_page_token", &catalog_page::next_page_token, "empty at the end"));
  }
};

/// Event: the shop sells something new.
struct item_added {
  std::string sku{};
  std::string artist{};
  std::string title{};
  std::int64_t year = 0;
  std::string format{};
  std::string label{};
  money price{};

  static constexpr auto describe() {
    return describe_as("item.added", 1, key("sku", &item_added::sku), field("artist", &item_added::artist),
                       field("title", &item_added::title), field("year", &item_added::year),
                       field("format", &item_added::format), field("label", &item_added::label),
                       field("price", &item_added::price));
  }
};

}  // namespace musiccorp::messages

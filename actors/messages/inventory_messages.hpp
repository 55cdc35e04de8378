#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/line.hpp"
#include "messages/page.hpp"

/// What inventory answers and says. At any time: received = on_hand + reserved + shipped.
namespace musiccorp::messages {

/// Question: is there enough at this moment? Rejected with 409 and the pointer /lines/<i>/quantity. Promises nothing;
/// reserve_stock does.
struct check_stock {
  std::vector<line> lines{};

  static constexpr auto describe() {
    return describe_as("check_stock", 1, field("lines", &check_stock::lines, lines_limits));
  }
};

struct line_stock {
  std::string sku{};
  std::int64_t on_hand = 0;

  static constexpr auto describe() {
    return describe_as("line_stock", 1, field("sku", &line_stock::sku), field("on_hand", &line_stock::on_hand));
  }
};

/// Answer to check_stock: one entry for each line, in the same order.
struct stock_check {
  std::vector<line_stock> lines{};

  static constexpr auto describe() { return describe_as("stock_check", 1, field("lines", &stock_check::lines)); }
};

/// Durable request: put these aside for the order, all or nothing. Answered with stock_reserved or stock_rejected.
struct reserve_stock {
  std::string order_id{};
  std::vector<line> lines{};

  static constexpr auto describe() {
    return describe_as("reserve_stock", 1, key("order_id", &reserve_stock::order_id),
                       field("lines", &reserve_stock::lines));
  }
};

struct stock_reserved {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("stock_reserved", 1, key("order_id", &stock_reserved::order_id));
  }
};

struct stock_rejected {
  std::string order_id{};
  std::string sku{};  ///< the first that was short
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("stock_rejected", 1, key("order_id", &stock_rejected::order_id),
                       field("sku", &stock_rejected::sku), field("reason", &stock_rejected::reason));
  }
};

/// Query: the stock of one item.
struct show_stock {
  std::string sku{};

  static constexpr auto describe() { return describe_as("show_stock", 1, key("sku", &show_stock::sku, sku_length)); }
};

struct stock_summary {
  std::string sku{};
  std::int64_t received = 0;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  std::int64_t shipped = 0;

  static constexpr auto describe() {
    return describe_as("stock_summary", 1, key("sku", &stock_summary::sku),
                       field("received", &stock_summary::received, "ever put on the shelf"),
                       field("on_hand", &stock_summary::on_hand, "free to be sold"),
                       field("reserved", &stock_summary::reserved, "put aside for orders"),
                       field("shipped", &stock_summary::shipped, "gone in packages"));
  }
};

/// Query: all stock, sorted by sku.
struct list_stock {
  std::int64_t page_size = 100;
  std::string page_token{};

  static constexpr auto describe() {
    return describe_as("list_stock", 1, field("page_size", &list_stock::page_size, defaulted, page_size_limits),
                       field("page_token", &list_stock::page_token, defaulted, page_token_length));
  }
};

struct stock_page {
  std::vector<stock_summary> items{};
  std::string next_page_token{};

  static constexpr auto describe() {
    return describe_as("stock_page", 1, field("items", &stock_page::items),
                       field("next_page_token", &stock_page::next_page_token, "empty at the end"));
  }
};

/// Event: the numbers of one item after a change.
struct stock_level_changed {
  std::string sku{};
  std::int64_t received = 0;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  std::int64_t shipped = 0;
  std::string order_id{};  ///< because of this order; empty: a delivery

  static constexpr auto describe() {
    return describe_as(
        "stock.level_changed", 1, key("sku", &stock_level_changed::sku),
        field("received", &stock_level_changed::received), field("on_hand", &stock_level_changed::on_hand),
        field("reserved", &stock_level_changed::reserved), field("shipped", &stock_level_changed::shipped),
        field("order_id", &stock_level_changed::order_id, defaulted));
  }
};

}  // namespace musiccorp::messages

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/line.hpp"

namespace musiccorp::messages {

/// One recording of the catalogue file, imported at first start: catalog takes the item, inventory the stock.
struct catalog_entry {
  std::string sku{};
  std::string artist{};
  std::string title{};
  std::int64_t year = 0;
  std::string format{};
  std::string label{};
  money price{};
  std::int64_t stock = 0;

  static constexpr auto describe() {
    return describe_as("catalog_entry", 1, key("sku", &catalog_entry::sku, sku_length),
                       field("artist", &catalog_entry::artist, between(1, 200)),
                       field("title", &catalog_entry::title, between(1, 300)),
                       field("year", &catalog_entry::year, between(1860, 2100), "of the first release"),
                       field("format", &catalog_entry::format, between(1, 40)),
                       field("label", &catalog_entry::label, between(1, 200)), field("price", &catalog_entry::price),
                       field("stock", &catalog_entry::stock, between(0, 1'000'000'000), "pieces at first start"));
  }
};

}  // namespace musiccorp::messages

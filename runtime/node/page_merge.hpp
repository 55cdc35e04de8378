#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "describe/shape.hpp"

namespace musiccorp::node {

/// A list of things with keys, and a token to go on: what a page of a service with several partitions is made of.
struct page_form {
  std::string items;  ///< the one list
  std::string key;    ///< of an item
  std::string token;  ///< the one text: the key to go on after, empty at the end

  /// Nothing: the reply is no such page.
  [[nodiscard]] static std::optional<page_form> of(const describe::shape& reply);
};

/// One page out of the pages that all partitions answered to the same query, in the order of keys: at most `size`
/// items, none of them behind what a partition has not told yet. fault{internal} when one is no such page.
[[nodiscard]] result<std::string> merge_pages(const page_form& form, std::span<const std::string> pages,
                                              std::size_t size);

}  // namespace musiccorp::node

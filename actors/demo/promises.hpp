#pragma once

#include <string>
#include <vector>

#include "demo/books.hpp"

/// The shop's promises, checked from outside on what all services say at rest. Used by the demo and by the crash
/// suite.
namespace musiccorp::demo {

struct finding {
  std::string promise;
  bool holds = true;
  std::string evidence;  ///< one figure when it holds; how many break it and the first of them when not

  static constexpr auto describe() {
    return describe_as("finding", 1, field("promise", &finding::promise), field("holds", &finding::holds),
                       field("evidence", &finding::evidence));
  }
};

/// One finding for each promise, always in the same order. Pure.
[[nodiscard]] std::vector<finding> judge(const books& all);

/// read_books and judge: the shop must be at rest.
[[nodiscard]] result<std::vector<finding>> check_promises(const shop_client& shop,
                                                          std::vector<accepted_order> accepted);

[[nodiscard]] bool all_hold(const std::vector<finding>& findings);

/// "17.49 EUR"
[[nodiscard]] std::string amount_text(std::int64_t amount_minor, const std::string& currency = "EUR");

}  // namespace musiccorp::demo

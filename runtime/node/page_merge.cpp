#include "node/page_merge.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace musiccorp::node {
namespace {

using json = nlohmann::ordered_json;

struct item {
  std::string key;
  json body;
};

}  // namespace

std::optional<page_form> page_form::of(const describe::shape& reply) {
  page_form found;
  for (const auto& field : reply.fields) {
    const auto& shape = field.of();
    if (shape.what == describe::form::list && shape.element().what == describe::form::object && found.items.empty()) {
      for (const auto& inside : shape.element().fields)
        if (inside.is_key) found.key = inside.name;
      found.items = field.name;
    } else if (shape.what == describe::form::text && found.token.empty()) {
      found.token = field.name;
    } else {
      return std::nullopt;
    }
  }
  if (found.items.empty() || found.key.empty() || found.token.empty()) return std::nullopt;
  return found;
}

result<std::string> merge_pages(const page_form& form, std::span<const std::string> pages, std::size_t size) {
  std::vector<item> all;
  std::string bound;  // Up to here every partition has told all that it has; empty: to the end.
  for (const auto& text : pages) {
    auto page = json::parse(text, nullptr, false);
    const bool is_page = page.is_object() && page.contains(form.items) && page[form.items].is_array() &&
                         page.contains(form.token) && page[form.token].is_string();
    if (!is_page) return failure(fault_kind::internal, "a partition answered what is no page");
    for (auto& one : page[form.items]) {
      if (!one.is_object() || !one.contains(form.key) || !one[form.key].is_string())
        return failure(fault_kind::internal, "a partition answered an item without a key");
      all.push_back({one[form.key].get<std::string>(), std::move(one)});
    }
    const auto token = page[form.token].get<std::string>();
    if (!token.empty() && (bound.empty() || token < bound)) bound = token;
  }
  std::ranges::stable_sort(all, {}, &item::key);
  if (!bound.empty())
    all.erase(std::ranges::find_if(all, [&](const auto& one) { return one.key > bound; }), all.end());
  auto next = bound;
  if (all.size() > size) {
    all.resize(size);
    next = all.back().key;
  }
  json merged;
  merged[form.items] = json::array();
  for (auto& one : all) merged[form.items].push_back(std::move(one.body));
  merged[form.token] = next;
  return merged.dump();
}

}  // namespace musiccorp::node

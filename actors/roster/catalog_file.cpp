#include "roster/catalog_file.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace musiccorp::roster {
namespace {

using messages::catalog_entry;

struct catalog_items {
  std::vector<catalog_entry> items;

  static constexpr auto describe() {
    return describe_as("catalog_file", 1, field("items", &catalog_items::items, at_most(1'000'000)));
  }
};

std::vector<problem> problems_of(const std::vector<catalog_entry>& items) {
  std::vector<problem> problems;
  std::set<std::string_view> skus;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto place = "/items/" + std::to_string(i);
    if (!skus.insert(items[i].sku).second) problems.push_back({place + "/sku", items[i].sku, "each sku once"});
    if (items[i].price.amount_minor < 0)
      problems.push_back({place + "/price/amount_minor", std::to_string(items[i].price.amount_minor), "at least 0"});
  }
  return problems;
}

}  // namespace

result<std::vector<catalog_entry>> read_catalog(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return failure(fault_kind::not_found, file.string() + ": the catalogue file can't be read");
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  auto read = describe::from_json<catalog_items>(text, {.unknown = describe::unknown_fields::refuse});
  if (!read) {
    read.error().text = file.string() + ": " + read.error().text;
    return failure(std::move(read.error()));
  }
  if (auto problems = problems_of(read->items); !problems.empty())
    return failure({fault_kind::invalid,
                    file.string() + ": " + problems.front().pointer + ": wanted " + problems.front().wanted +
                        ", found " + problems.front().found,
                    std::move(problems),
                    {}});
  return std::move(read->items);
}

}  // namespace musiccorp::roster

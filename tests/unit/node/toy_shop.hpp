#pragma once

#include "unit/service/toy_services.hpp"

/// The toy services with doors to the outside.
namespace musiccorp::toys {

/// A command with a field of each kind that an address can carry.
struct set_shelf {
  std::string id;
  std::int64_t count = 0;
  std::optional<bool> locked{};
  std::string note{};
  static constexpr auto describe() {
    return describe_as("set_shelf", 1, musiccorp::key("id", &set_shelf::id), field("count", &set_shelf::count),
                       field("locked", &set_shelf::locked), field("note", &set_shelf::note, defaulted));
  }
};

inline service_definition shelf_service() {
  service_definition shelf{"shelf"};
  shelf.on([](turn&, const set_shelf& command) -> outcome { return command; })
      .put<set_shelf, set_shelf>("/shelves/{id}", "Sets a shelf");
  return shelf;
}

inline std::vector<service_definition> shop(mischief& trouble) {
  auto made = services(trouble);
  for (auto& one : made) {
    if (one.name() == "till")
      one.post<buy, sale>("/sales", "Sells an item", 201, "/sales/{id}")
          .get<show_sale, sale>("/sales/{id}", "Shows a sale");
    if (one.name() == "book") one.get<show_total, total>("/totals/{id}", "Shows a sum");
  }
  made.push_back(shelf_service());
  return made;
}

}  // namespace musiccorp::toys

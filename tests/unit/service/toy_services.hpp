#pragma once

#include <map>
#include <string>

#include "service/definition.hpp"

/// A shop of three toy services that shows every kind of message: `till` takes a command, asks `price`, and tells
/// `book`.
namespace musiccorp::toys {

struct price_of {
  std::string item;
  static constexpr auto describe() { return describe_as("price_of", 1, key("item", &price_of::item)); }
};
struct price {
  std::string item;
  std::int64_t amount = 0;
  static constexpr auto describe() {
    return describe_as("price", 1, musiccorp::key("item", &price::item), field("amount", &price::amount));
  }
};
struct buy {
  std::string id;
  std::string item;
  static constexpr auto describe() {
    return describe_as("buy", 1, musiccorp::key("id", &buy::id), field("item", &buy::item));
  }
};
struct sale {
  std::string id;
  std::int64_t amount = 0;
  std::string note{};
  static constexpr auto describe() {
    return describe_as("sale", 1, musiccorp::key("id", &sale::id), field("amount", &sale::amount),
                       field("note", &sale::note, defaulted));
  }
};
struct sold {
  std::string id;
  std::string item;
  std::int64_t amount = 0;
  static constexpr auto describe() {
    return describe_as("sold", 1, musiccorp::key("id", &sold::id), field("item", &sold::item),
                       field("amount", &sold::amount));
  }
};
struct stamp {
  std::string id;
  static constexpr auto describe() { return describe_as("stamp", 1, musiccorp::key("id", &stamp::id)); }
};
struct stamped {
  std::string id;
  static constexpr auto describe() { return describe_as("stamped", 1, musiccorp::key("id", &stamped::id)); }
};
struct total {
  std::string id;
  std::int64_t amount = 0;
  std::int64_t sales = 0;
  static constexpr auto describe() {
    return describe_as("total", 1, musiccorp::key("id", &total::id), field("amount", &total::amount),
                       field("sales", &total::sales));
  }
};
struct show_total {
  std::string id;
  static constexpr auto describe() { return describe_as("show_total", 1, musiccorp::key("id", &show_total::id)); }
};
struct show_sale {
  std::string id;
  static constexpr auto describe() { return describe_as("show_sale", 1, musiccorp::key("id", &show_sale::id)); }
};

/// What the book's rule does with a sale of this item: how often it fails first, and how.
struct mischief {
  std::map<std::string, int> crashes;
  std::map<std::string, int> busy;
  std::map<std::string, int> later;
};

inline std::vector<service_definition> services(mischief& trouble) {
  service_definition price_service{"price"};
  price_service.on([](turn&, const price_of& question) -> outcome {
    if (question.item == "unknown") return rejected{"there is no such item", "/item", question.item};
    if (question.item == "silent") return fault{fault_kind::unavailable, "the price list is away", {}, {}};
    return price{question.item, static_cast<std::int64_t>(question.item.size())};
  });

  service_definition till{"till"};
  till.on(
          [](turn& now, const buy& command, const price& found) -> outcome {
            if (now.find<sale>(command.id)) return rejected{"already sold"};
            if (command.item == "crash") throw std::runtime_error{"the till fell down"};
            now.save(sale{command.id, found.amount});
            now.publish(sold{command.id, command.item, found.amount});
            now.request("stamper", stamp{command.id});
            return sale{command.id, found.amount};
          },
          ask("price", [](const buy& command) { return price_of{command.item}; }))
      .on([](turn& now, const stamped& event) -> outcome {
        auto known = now.find<sale>(event.id);
        ensure(known.has_value(), "only sales are stamped");
        known->note += "stamped";
        now.save(*known);
        return done{};
      })
      .on([](turn& now, const show_sale& query) -> outcome {
        if (auto found = now.find<sale>(query.id)) return *found;
        return no_such("sale", query.id);
      })
      .says<sold, stamp>();

  service_definition stamper{"stamper"};
  stamper.on([](turn&, const stamp& command) -> outcome { return stamped{command.id}; }).says<stamped>();

  service_definition book{"book"};
  book.on([&trouble](turn& now, const sold& event) -> outcome {
        auto sum = now.find<total>("all").value_or(total{"all"});
        sum.amount += event.amount;
        ++sum.sales;
        now.save(sum);
        if (trouble.crashes[event.item]-- > 0) throw std::runtime_error{"poison"};
        if (trouble.busy[event.item]-- > 0) return fault{fault_kind::busy, "come back", {}, {}};
        if (trouble.later[event.item]-- > 0) return not_yet{"too early", std::chrono::milliseconds{50}};
        return done{};
      })
      .on([](turn& now, const show_total& query) -> outcome {
        return now.find<total>(query.id).value_or(total{query.id});
      });

  return {std::move(price_service), std::move(till), std::move(stamper), std::move(book)};
}

}  // namespace musiccorp::toys

#include "demo/plan.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "base/random.hpp"
#include "describe/json.hpp"
#include "messages/customer_messages.hpp"

namespace musiccorp::demo {

using namespace messages;

namespace {

/// Of a thousand orders; what is left is ordinary.
struct share {
  order_kind kind;
  std::size_t of_thousand;
};
constexpr std::array shares{share{order_kind::rush, 25},          share{order_kind::unknown_item, 30},
                            share{order_kind::without_stock, 30}, share{order_kind::declined, 40},
                            share{order_kind::twice, 40},         share{order_kind::cancelled, 40},
                            share{order_kind::too_big, 25}};
constexpr std::size_t rush_max = 200;
constexpr std::int64_t largest_line = 100;
constexpr std::string_view good_card = "4000-0000-0000-0077";
constexpr std::string_view refused_card = "4000-0000-0000-0002";

class planner {
 public:
  planner(std::uint64_t seed, const std::vector<std::string>& customers, const std::vector<stock_summary>& stock,
          std::string_view name)
      : random_(seed), customers_(customers), stock_(stock), name_(name) {
    ensure(!customers.empty() && stock.size() >= 4, "a plan needs customers and stock");
    scarce_ = *std::ranges::min_element(stock_, {}, &stock_summary::on_hand);
  }

  order_plan make(std::size_t count) {
    order_plan plan;
    for (const auto kind : kinds(count)) plan.orders.push_back(order(kind, plan.orders.size()));
    plan.poison_sku = plain_item().sku;
    do plan.healthy_sku = plain_item().sku;
    while (plan.healthy_sku == plan.poison_sku);
    return plan;
  }

 private:
  /// All kinds in their shares, shuffled; the rush in one piece in the middle.
  std::vector<order_kind> kinds(std::size_t count) {
    std::vector<order_kind> mixed;
    std::size_t rush = 0;
    for (const auto& [kind, of_thousand] : shares) {
      const auto wanted = count < 20 ? 0 : std::max<std::size_t>(1, count * of_thousand / 1000);
      if (kind == order_kind::rush)
        rush = std::min(wanted, rush_max);
      else
        mixed.insert(mixed.end(), wanted, kind);
    }
    mixed.insert(mixed.end(), count - rush - mixed.size(), order_kind::ordinary);
    for (std::size_t i = mixed.size(); i > 1; --i) std::swap(mixed[i - 1], mixed[random_.below(i)]);
    // Together a half more than there is, and no order more than a box holds.
    const auto pieces = scarce_.on_hand * 3 / 2;
    rush_quantity_ =
        std::min<std::int64_t>(30, pieces / std::max<std::int64_t>(1, static_cast<std::int64_t>(rush)) + 1);
    mixed.insert(mixed.begin() + static_cast<std::ptrdiff_t>(mixed.size() / 2), rush, order_kind::rush);
    return mixed;
  }

  planned_order order(order_kind kind, std::size_t index) {
    planned_order made{kind, std::string{name_} + "-" + std::to_string(index), {}};
    made.command.customer_id = customer(kind);
    made.command.payment.card = kind == order_kind::declined ? refused_card : good_card;
    made.command.lines = lines(kind);
    return made;
  }

  /// Bad cards belong to a few; the shop will have its doubts about these.
  std::string customer(order_kind kind) {
    const auto doubtful = std::max<std::size_t>(1, customers_.size() / 8);
    return customers_[random_.below(kind == order_kind::declined ? doubtful : customers_.size())];
  }

  std::vector<line> lines(order_kind kind) {
    switch (kind) {
      case order_kind::rush:
        return {{scarce_.sku, rush_quantity_}};
      case order_kind::unknown_item:
        return {{plain_item().sku, 1}, {"NO-SUCH-" + std::to_string(random_.below(1000)), 1}};
      case order_kind::without_stock:
        return too_many();
      case order_kind::too_big:
        return {{plain_item().sku, 16}, {plain_item().sku, 16}};
      default:
        return basket();
    }
  }

  std::vector<line> basket() {
    std::vector<line> all;
    const auto count = 1 + random_.below(4);
    for (std::uint64_t i = 0; i < count; ++i)
      all.push_back({plain_item().sku, 1 + static_cast<std::int64_t>(random_.below(random_.below(4) + 1))});
    return all;
  }

  std::vector<line> too_many() {
    const auto& item = plain_item();
    std::vector<line> all;
    for (auto missing = item.received + 1; missing > 0 && all.size() < 50; missing -= largest_line)
      all.push_back({item.sku, std::min(missing, largest_line)});
    return all;
  }

  /// Any item but the one of the rush.
  const stock_summary& plain_item() {
    for (;;)
      if (const auto& one = stock_[random_.below(stock_.size())]; one.sku != scarce_.sku) return one;
  }

  base::random_source random_;
  const std::vector<std::string>& customers_;
  const std::vector<stock_summary>& stock_;
  std::string_view name_;
  stock_summary scarce_;
  std::int64_t rush_quantity_ = 1;
};

}  // namespace

order_plan make_plan(std::uint64_t seed, std::size_t orders, const std::vector<std::string>& customers,
                     const std::vector<stock_summary>& stock, std::string_view name) {
  return planner{seed, customers, stock, name}.make(orders);
}

std::string customer_body(std::size_t index) {
  const auto number = std::to_string(index + 1);
  return describe::to_json(register_customer{"Customer " + number,
                                             "customer-" + number + "@example.org",
                                             {number + " Groove Street", "Vinyl City", "1" + number, "NL"}});
}

}  // namespace musiccorp::demo

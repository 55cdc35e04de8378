#include "inventory/inventory_rules.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace musiccorp::inventory {

using namespace messages;

namespace {

/// One line for each sku, in order of first appearance.
std::vector<line> added_up(const std::vector<line>& lines) {
  std::vector<line> totals;
  for (const auto& one : lines) {
    const auto same = std::ranges::find(totals, one.sku, &line::sku);
    if (same == totals.end())
      totals.push_back(one);
    else
      same->quantity += one.quantity;
  }
  return totals;
}

std::int64_t on_hand(turn& now, std::string_view sku) {
  const auto stock = now.find<stock_summary>(sku);
  return stock ? stock->on_hand : 0;
}

void save_and_tell(turn& now, const stock_summary& stock, const std::string& order_id) {
  now.save(stock);
  now.publish(stock_level_changed{stock.sku, stock.received, stock.on_hand, stock.reserved, stock.shipped, order_id});
}

/// Takes the pieces of `held` out of `reserved` and adds them to `target`.
void move_reserved(turn& now, reservation held, reservation_state to, std::int64_t stock_summary::*target) {
  for (const auto& one : held.lines) {
    auto stock = now.find<stock_summary>(one.sku);
    ensure(stock && stock->reserved >= one.quantity, "what an order holds is counted as reserved");
    stock->reserved -= one.quantity;
    (*stock).*target += one.quantity;
    save_and_tell(now, *stock, held.order_id);
  }
  held.state = to;
  now.save(held);
}

/// `left`: what the lines before this one leave of the item.
rejected too_few(const stock_summary& stock, std::size_t line, std::int64_t left) {
  rejected no{.text = "only " + std::to_string(stock.on_hand) + " of " + stock.sku + " in stock",
              .pointer = "/lines/" + std::to_string(line) + "/quantity",
              .status = 409};
  if (left > 0) no.wanted = "at most " + std::to_string(left);
  return no;
}

outcome answer_of(const reservation& made) {
  if (made.state == reservation_state::rejected)
    return stock_rejected{made.order_id, made.short_of, "not enough in stock"};
  if (made.state == reservation_state::released && made.lines.empty())
    return stock_rejected{made.order_id, {}, "the order was cancelled before"};
  return stock_reserved{made.order_id};
}

}  // namespace

void receive_stock(turn& now, const std::vector<catalog_entry>& entries) {
  for (const auto& entry : entries) save_and_tell(now, stock_summary{entry.sku, entry.stock, entry.stock, 0, 0}, {});
}

outcome check(turn& now, const check_stock& question) {
  stock_check answer;
  std::map<std::string, std::int64_t> wanted;
  for (std::size_t i = 0; i < question.lines.size(); ++i) {
    const auto& one = question.lines[i];
    const auto stock = now.find<stock_summary>(one.sku);
    const auto total = wanted[one.sku] += one.quantity;
    if (stock && stock->on_hand < total) return too_few(*stock, i, stock->on_hand - (total - one.quantity));
    answer.lines.push_back({one.sku, stock ? stock->on_hand : 0});
  }
  return answer;
}

outcome reserve(turn& now, const reserve_stock& request) {
  if (const auto before = now.find<reservation>(request.order_id)) return answer_of(*before);

  reservation made{request.order_id, reservation_state::reserved, added_up(request.lines), {}};
  for (const auto& one : made.lines)
    if (made.short_of.empty() && on_hand(now, one.sku) < one.quantity) made.short_of = one.sku;
  if (!made.short_of.empty()) {
    made.state = reservation_state::rejected;
    now.save(made);
    return answer_of(made);
  }
  for (const auto& one : made.lines) {
    auto stock = now.find<stock_summary>(one.sku).value();
    stock.on_hand -= one.quantity;
    stock.reserved += one.quantity;
    save_and_tell(now, stock, request.order_id);
  }
  now.save(made);
  return answer_of(made);
}

outcome release(turn& now, const order_cancelled& event) {
  auto held = now.find<reservation>(event.order_id);
  if (!held)
    now.save(reservation{event.order_id, reservation_state::released, {}, {}});
  else if (held->state == reservation_state::reserved)
    move_reserved(now, std::move(*held), reservation_state::released, &stock_summary::on_hand);
  return done{};
}

outcome ship(turn& now, const order_packaged& event) {
  auto held = now.find<reservation>(event.order_id);
  if (held && held->state == reservation_state::shipped) return done{};
  if (!held || held->state != reservation_state::reserved)
    return fault{
        fault_kind::conflict, "a package of order " + event.order_id + ", for which nothing is reserved", {}, {}};
  move_reserved(now, std::move(*held), reservation_state::shipped, &stock_summary::shipped);
  return done{};
}

outcome answer_stock(turn& now, const show_stock& query) {
  const auto stock = now.find<stock_summary>(query.sku);
  if (!stock) return no_such("item", query.sku);
  return *stock;
}

outcome answer_all_stock(turn& now, const list_stock& query) {
  auto page =
      now.list<stock_summary>({.after = query.page_token, .limit = static_cast<std::size_t>(query.page_size)});
  return stock_page{std::move(page.items), std::move(page.next)};
}

}  // namespace musiccorp::inventory

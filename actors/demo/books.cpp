#include "demo/books.hpp"

#include <cmath>
#include <thread>

namespace musiccorp::demo {

using namespace messages;

namespace {

/// Waits between two looks at something that can only be looked at.
void pause() { std::this_thread::sleep_for(std::chrono::milliseconds{20}); }

std::vector<std::string> targets(const books& of, const std::string& route) {
  std::vector<std::string> all;
  for (const auto& [id, one] : of.orders) all.push_back(route + id);
  return all;
}

/// What one service says about each order, where it says anything.
template <class T>
result<books::by_order<T>> for_each_order(const shop_client& shop, const books& of, const std::string& route,
                                          const std::function<void(std::size_t)>& done) {
  auto found = shop.find_all<T>(targets(of, route), done);
  if (!found) return failure(std::move(found.error()));
  books::by_order<T> all;
  std::size_t index = 0;
  for (const auto& [id, one] : of.orders)
    if (auto& said = (*found)[index++]) all.emplace(id, std::move(*said));
  return all;
}

template <class T>
result<void> put(T& into, result<T> read) {
  if (!read) return failure(std::move(read.error()));
  into = std::move(*read);
  return {};
}

template <class Item>
result<books::by_order<Item>> by_order(result<std::vector<Item>> list) {
  if (!list) return failure(std::move(list.error()));
  books::by_order<Item> all;
  for (auto& one : *list) all.emplace(one.order_id, std::move(one));
  return all;
}

result<books::by_order<std::vector<notification_summary>>> read_mails(const shop_client& shop) {
  auto list = shop.list("/notifications", &notification_page::notifications);
  if (!list) return failure(std::move(list.error()));
  books::by_order<std::vector<notification_summary>> all;
  for (auto& one : *list) all[one.order_id].push_back(std::move(one));
  return all;
}

}  // namespace

std::vector<queue_account> queue_accounts(const metrics_text& metrics) {
  std::map<std::string, queue_account> all;
  for (const auto& [has, value] : metrics.of("runtime_ledger_messages")) {
    auto& one = all[has.at("queue")];
    one.queue = has.at("queue");
    const auto account = has.at("account");
    const auto count = std::llround(value);
    if (account == "published") one.published += count;
    if (account == "processed") one.processed += count;
    if (account == "dead") one.dead += count;
    if (account == "discarded") one.discarded += count;
    if (account == "queued") one.queued += count;
  }
  for (const auto& [has, value] : metrics.of("runtime_ledger_imbalance"))
    all[has.at("queue")].imbalance += std::llround(value);
  for (const auto& [has, value] : metrics.of("runtime_queue_messages"))
    if (has.at("state") == "parked") all[has.at("queue")].parked += std::llround(value);
  std::vector<queue_account> list;
  for (auto& [name, one] : all) list.push_back(std::move(one));
  return list;
}

result<void> wait_for_rest(const shop_client& shop, std::chrono::milliseconds longest,
                           const std::function<bool(std::int64_t)>& watch) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  std::int64_t published_before = -1;
  for (;;) {
    auto metrics = shop.metrics();
    if (!metrics) return failure(std::move(metrics.error()));
    const auto queues = queue_accounts(*metrics);
    std::int64_t published = 0;
    std::int64_t queued = 0;
    const queue_account* fullest = nullptr;
    for (const auto& one : queues) {
      published += one.published;
      queued += one.queued - one.parked;
      if (!fullest || one.queued > fullest->queued) fullest = &one;
    }
    if (!fullest) return failure(fault_kind::internal, "/metrics has no runtime_ledger_messages");
    if (queued == 0 && published == published_before) return {};
    published_before = queued == 0 ? published : -1;
    if (watch && !watch(queued)) return failure(fault_kind::unavailable, "interrupted");
    if (std::chrono::steady_clock::now() > deadline)
      return failure(fault_kind::timeout, "after " + std::to_string(longest.count() / 1000) + " s " +
                                              std::to_string(fullest->queued) + " messages still wait in " +
                                              fullest->queue);
    pause();
  }
}

result<books> read_books(const shop_client& shop, std::vector<accepted_order> accepted,
                         const std::function<void(std::size_t)>& done) {
  books all;
  all.accepted = std::move(accepted);
  std::size_t before = 0;
  const auto tell = [&](std::size_t count) {
    if (done) done(before + count);
  };
  const auto each = [&]<class T>(books::by_order<T>& into, const std::string& route) {
    auto read = put(into, for_each_order<T>(shop, all, route, tell));
    before += all.orders.size();
    return read;
  };
  return put(all.orders, by_order(shop.list("/orders", &order_page::orders)))
      .and_then([&] { return put(all.payments, by_order(shop.list("/payments", &payment_page::payments))); })
      .and_then([&] { return put(all.stock, shop.list("/inventory", &stock_page::items)); })
      .and_then([&] { return put(all.mails, read_mails(shop)); })
      .and_then([&] { return each(all.ledgers, "/acquirer/ledger/"); })
      .and_then([&] { return each(all.packages, "/packages/"); })
      .and_then([&] { return each(all.shipments, "/shipments/"); })
      .and_then([&] { return shop.metrics(); })
      .map([&](const metrics_text& metrics) {
        all.queues = queue_accounts(metrics);
        return std::move(all);
      });
}

}  // namespace musiccorp::demo

#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "demo/metrics_text.hpp"
#include "demo/shop_client.hpp"
#include "messages/acquirer_messages.hpp"
#include "messages/inventory_messages.hpp"
#include "messages/notification_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/payment_messages.hpp"
#include "messages/shipping_messages.hpp"
#include "messages/warehouse_messages.hpp"

namespace musiccorp::demo {

/// An order that somebody got a 2xx for.
struct accepted_order {
  std::string order_id;
  std::string customer_id;
  messages::money total;
};

/// One message queue as the metrics show it; of a queue between two nodes, each counts its half.
struct queue_account {
  std::string queue;
  std::int64_t published = 0;
  std::int64_t processed = 0;
  std::int64_t dead = 0;
  std::int64_t discarded = 0;
  std::int64_t queued = 0;
  std::int64_t parked = 0;  ///< the part of `queued` that waits behind a message of its key
  std::int64_t imbalance = 0;
};
[[nodiscard]] std::vector<queue_account> queue_accounts(const metrics_text& metrics);

/// What every service of the shop says about every order, at one time at rest.
struct books {
  template <class T>
  using by_order = std::map<std::string, T, std::less<>>;

  std::vector<accepted_order> accepted;
  by_order<messages::order_summary> orders;  ///< all there are, accepted or not
  by_order<messages::payment_summary> payments;
  by_order<messages::acquirer_ledger> ledgers;
  by_order<messages::package_summary> packages;
  by_order<messages::shipment_summary> shipments;
  by_order<std::vector<messages::notification_summary>> mails;
  std::vector<messages::stock_summary> stock;
  std::vector<queue_account> queues;
};

/// Waits until nothing moves any more: every queue is empty, but for what is parked behind a dead letter, twice in a
/// row with the same totals. Gives up with
/// fault{timeout} that names the fullest queue. `watch` is told the number of messages that wait, and stops the wait
/// with fault{unavailable} when it returns false.
[[nodiscard]] result<void> wait_for_rest(const shop_client& shop, std::chrono::milliseconds longest,
                                         const std::function<bool(std::int64_t waiting)>& watch = {});

/// Reads everything through REST. `done` is told how many of about three answers for each order are there.
[[nodiscard]] result<books> read_books(const shop_client& shop, std::vector<accepted_order> accepted,
                                       const std::function<void(std::size_t)>& done = {});

}  // namespace musiccorp::demo

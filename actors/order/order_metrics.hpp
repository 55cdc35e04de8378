#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "messages/order_messages.hpp"
#include "order/order_rules.hpp"
#include "service/entity_watcher.hpp"
#include "telemetry/metrics.hpp"

/// What the shop's dashboards show about orders, taken off each order as it is saved and counted once it is
/// committed.
namespace musiccorp::order {

/// The oldest open order of each partition of the process. Thread-safe.
class oldest_orders {
 public:
  /// Nothing: it has none. The oldest of all after that.
  std::optional<instant> set(const void* partition, std::optional<instant> oldest);

 private:
  std::mutex mutex_;
  std::map<const void*, instant> oldest_;
};

/// `shop_orders_total` and the times to the end count since the process started. `shop_orders_open` and the oldest of
/// them are of all orders of the partitions in this process; to know them, opening the store reads those that are
/// open, by their `open_order`. Only where these may not be listed it reads each order once, about 5 us each, and
/// lists them: after an earlier version wrote to the store, or when it was made of others.
class order_metrics final : public service::entity_watcher {
 public:
  /// `everybodys` is shared by all partitions that show their numbers in this registry.
  explicit order_metrics(telemetry::metrics_registry& registry,
                         std::shared_ptr<oldest_orders> everybodys = std::make_shared<oldest_orders>());
  ~order_metrics() override;
  order_metrics(const order_metrics&) = delete;
  order_metrics& operator=(const order_metrics&) = delete;

  [[nodiscard]] result<void> load(storage::store& state) override;
  [[nodiscard]] std::any taken_off(const service::saved_entity& entity) const override;
  void committed(const service::turn_effects::write& write) override;

 private:
  static constexpr std::size_t states = 7;
  /// The part of an order that is counted.
  struct progress {
    messages::order_status status = messages::order_status::pending;
    std::uint8_t reached = 0;  ///< a bit for each state that it was or is in; an order comes to none twice
    instant since{};
    instant last{};
  };
  /// Of an order or of what was read of a stored one.
  template <class Order>
  static progress progress_of(const Order& one);
  void note(const std::string& key, const progress& now);
  void remember_open(const std::string& key, const progress& now);
  [[nodiscard]] result<void> read_listed(storage::store& state);
  [[nodiscard]] result<void> read_all(storage::store& state);
  /// In one transaction. A partition lets go of a store with which this failed.
  [[nodiscard]] result<void> list_them(storage::store& state, bool anew);
  void forget_all();
  void show_oldest();
  void count_end(messages::order_status status, base::duration took) const;

  std::array<telemetry::counter, states> transitions_;
  std::array<telemetry::gauge, states> open_;  ///< of the states that are not final
  telemetry::gauge oldest_;
  telemetry::histogram to_final_;
  telemetry::histogram to_shipped_;
  std::shared_ptr<oldest_orders> everybodys_;
  std::map<std::string, progress, std::less<>> unfinished_;  ///< by id, so the oldest is the first
  std::optional<instant> own_oldest_;                        ///< as `everybodys_` knows it
};

}  // namespace musiccorp::order

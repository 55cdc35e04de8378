#include "order/order_metrics.hpp"

#include <algorithm>
#include <bit>

#include "order/order_saga.hpp"

namespace musiccorp::order {
namespace {

/// One minute is what the shop promises.
constexpr std::array business_seconds{0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0};

/// What is read of a stored order.
struct order_progress {
  order_status status = order_status::pending;
  std::vector<messages::order_step> history;

  static constexpr auto describe() {
    return describe_as("order_progress", 1, field("status", &order_progress::status),
                       field("history", &order_progress::history));
  }
};

/// The one that began with this opening of the store.
result<std::string> generation_of(storage::store& state) {
  const auto all = state.generations();
  if (!all) return failure(all.error());
  return all->empty() ? std::string{} : all->back().id;
}

/// An order is placed together with a message, so what a program wrote that does not list is in the log, under the
/// generation that its opening began.
result<bool> is_listed(storage::store& state) {
  const auto row = state.find(describe::name_of<open_orders_listed>(), open_orders_listed{}.store);
  if (!row) return failure(row.error());
  if (!*row) return false;
  const auto known = describe::from_json<open_orders_listed>((*row)->body);
  if (!known) return false;
  if (known->seq == state.last_seq()) return true;
  const auto all = state.generations();
  if (!all) return failure(all.error());
  return !known->generation.empty() && storage::generation_at(*all, state.last_seq()) == known->generation;
}

double seconds(base::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::optional<instant> oldest_orders::set(const void* partition, std::optional<instant> oldest) {
  const std::lock_guard hold{mutex_};
  if (oldest)
    oldest_.insert_or_assign(partition, *oldest);
  else
    oldest_.erase(partition);
  if (oldest_.empty()) return std::nullopt;
  return std::ranges::min_element(oldest_, {}, [](const auto& one) { return one.second; })->second;
}

order_metrics::order_metrics(telemetry::metrics_registry& registry, std::shared_ptr<oldest_orders> everybodys)
    : oldest_{registry
                  .gauges("shop_order_oldest_open_timestamp_seconds",
                          "When the oldest order that is not final was accepted; 0 when there is none.")
                  .with({})},
      to_final_{registry
                    .histograms("shop_order_to_final_seconds", "From an order's acceptance to its final state.",
                                business_seconds)
                    .with({})},
      to_shipped_{registry
                      .histograms("shop_order_to_shipped_seconds", "From an order's acceptance to its shipment.",
                                  business_seconds)
                      .with({})},
      everybodys_{std::move(everybodys)} {
  const auto transitions =
      registry.counters("shop_orders_total", "Orders that reached a state; pending is their acceptance.", {"state"});
  const auto open = registry.gauges("shop_orders_open", "Orders that are not final, by state.", {"state"});
  for (std::size_t i = 0; i < states; ++i) {
    const auto state = static_cast<order_status>(i);
    transitions_[i] = transitions.with({{"state", describe::name_of(state)}});
    if (!is_final(state)) open_[i] = open.with({{"state", describe::name_of(state)}});
  }
}

order_metrics::~order_metrics() { forget_all(); }

/// Others count in the same numbers: what this one has added is taken out again.
void order_metrics::forget_all() {
  for (const auto& [key, one] : unfinished_) open_[static_cast<std::size_t>(one.status)].add(-1);
  unfinished_.clear();
  show_oldest();
}

template <class Order>
order_metrics::progress order_metrics::progress_of(const Order& one) {
  progress now{.status = one.status};
  if (one.history.empty()) return now;
  for (const auto& step : one.history)
    now.reached |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(step.status));
  now.since = one.history.front().at;
  now.last = one.history.back().at;
  return now;
}

result<void> order_metrics::load(storage::store& state) {
  forget_all();
  const auto listed = is_listed(state);
  if (!listed) return failure(listed.error());
  auto read = *listed ? read_listed(state) : read_all(state);
  show_oldest();
  return read ? list_them(state, !*listed) : read;
}

void order_metrics::remember_open(const std::string& key, const progress& now) {
  if (is_final(now.status) || now.reached == 0) return;
  unfinished_.emplace(key, now);
  open_[static_cast<std::size_t>(now.status)].add(1);
}

result<void> order_metrics::read_listed(storage::store& state) {
  result<void> found;
  auto listed = service::for_each_entity<open_order>(
      state, describe::name_of<open_order>(), {}, [&](const std::string& key, const open_order&) {
        const auto row = state.find(describe::name_of<order>(), key);
        if (!row) found = failure(row.error());
        if (!row || !*row) return;
        if (const auto one = describe::from_json<order_progress>((*row)->body)) remember_open(key, progress_of(*one));
      });
  return listed ? found : listed;
}

result<void> order_metrics::read_all(storage::store& state) {
  return service::for_each_entity<order_progress>(
      state, describe::name_of<order>(), {},
      [&](const std::string& key, const order_progress& one) { remember_open(key, progress_of(one)); });
}

result<void> order_metrics::list_them(storage::store& state, bool anew) {
  const auto generation = generation_of(state);
  if (!generation) return failure(generation.error());
  std::vector<std::string> over;  // Ended by a program that does not know of the list.
  if (anew)
    if (auto read = service::for_each_entity<open_order>(state, describe::name_of<open_order>(), {},
                                                         [&](const std::string& key, const open_order&) {
                                                           if (!unfinished_.contains(key)) over.push_back(key);
                                                         });
        !read)
      return read;
  if (auto begun = state.begin(); !begun) return begun;
  const auto save = [&](const auto& entity) {
    using kind = std::remove_cvref_t<decltype(entity)>;
    return state.save(describe::name_of<kind>(), describe::key_of(entity), describe::to_json(entity));
  };
  auto saved = save(open_orders_listed{.seq = state.last_seq(), .generation = *generation});
  for (auto one = over.begin(); saved && one != over.end(); ++one)
    saved = state.erase(describe::name_of<open_order>(), *one);
  if (anew)
    for (auto one = unfinished_.begin(); saved && one != unfinished_.end(); ++one)
      saved = save(open_order{one->first});
  return saved ? state.commit() : saved;
}

std::any order_metrics::taken_off(const service::saved_entity& entity) const {
  const auto* one = entity.as<order>();
  return one != nullptr ? std::any{progress_of(*one)} : std::any{};
}

void order_metrics::committed(const service::turn_effects::write& write) {
  if (const auto* now = std::any_cast<progress>(&write.counted); now && now->reached != 0) note(write.key, *now);
}

/// An order that is not among the unfinished ones is new when it is in its first state; else it was final before.
void order_metrics::note(const std::string& key, const progress& now) {
  auto known = unfinished_.find(key);
  if (known == unfinished_.end() && !std::has_single_bit(now.reached)) return;
  const auto before = known == unfinished_.end() ? 0U : known->second.reached;
  for (std::size_t i = 0; i < states; ++i)
    if ((now.reached & ~before & 1U << i) != 0) transitions_[i].increment();
  if (known != unfinished_.end()) open_[static_cast<std::size_t>(known->second.status)].add(-1);
  if (is_final(now.status)) {
    count_end(now.status, now.last - now.since);
    if (known != unfinished_.end()) unfinished_.erase(known);
  } else {
    open_[static_cast<std::size_t>(now.status)].add(1);
    unfinished_.insert_or_assign(key, now);
  }
  show_oldest();
}

void order_metrics::count_end(order_status status, base::duration took) const {
  to_final_.observe(seconds(took));
  if (status == order_status::shipped) to_shipped_.observe(seconds(took));
}

void order_metrics::show_oldest() {
  const auto own = unfinished_.empty() ? std::optional<instant>{} : std::optional{unfinished_.begin()->second.since};
  if (own == own_oldest_) return;
  own_oldest_ = own;
  const auto all = everybodys_->set(this, own);
  oldest_.set(all ? seconds(all->time_since_epoch()) : 0.0);
}

}  // namespace musiccorp::order

#include "demo/load.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "describe/json.hpp"

namespace musiccorp::demo {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Trying again may help.
bool is_passing(const result<http::client_response>& answer) {
  if (!answer) return base::facts_of(answer.error().kind).what == base::fault_class::transient;
  return answer->status == 429 || answer->status == 503 || answer->status == 504;
}

milliseconds wait_wanted_by(const result<http::client_response>& answer) {
  constexpr milliseconds usual{100};
  constexpr milliseconds longest{5'000};
  const auto told = answer ? answer->headers.find("retry-after") : std::nullopt;
  if (!told) return usual;
  return std::clamp(milliseconds{1000 * std::atol(std::string{*told}.c_str())}, usual, longest);
}

/// One request of an order, from its first attempt to its final answer.
struct errand {
  enum class purpose : std::uint8_t { place, repeat, cancel } what = purpose::place;
  std::size_t order = 0;
  int attempts = 0;
  clock::time_point first_sent{};
};

class driver {
 public:
  driver(const shop_client& shop, const order_plan& plan, const load_options& options)
      : shop_(shop), plan_(plan), options_(options), open_(plan.orders.size(), 0), bodies_(plan.orders.size()) {
    outcome_.orders.resize(plan.orders.size());
  }

  load_result run(const std::function<bool(std::size_t)>& watch) {
    started_ = clock::now();
    std::unique_lock lock{mutex_};
    for (std::size_t i = 0; i < options_.clients * options_.window; ++i) begin_next();
    while (answered_ < begun_ || !delayed_.empty() || (!stopped_ && next_ < plan_.orders.size())) {
      send_ready(lock);
      changed_.wait_for(lock, milliseconds{50});
      if (watch && !stopped_) {
        const auto answered = answered_;
        lock.unlock();
        const bool on = watch(answered);
        lock.lock();
        stopped_ = !on;
      }
    }
    outcome_.took = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - started_);
    return std::move(outcome_);
  }

 private:
  struct delayed_errand {
    clock::time_point due;
    errand what;
  };

  /// All private functions need the lock; only `send_ready` gives it away for a moment.
  void begin_next() {
    if (stopped_ || next_ >= plan_.orders.size()) return;
    const auto order = next_++;
    ++begun_;
    outcome_.orders[order].kind = plan_.orders[order].kind;
    add(errand{errand::purpose::place, order, 0, {}});
    // Every second pair travels at the same time, the others one after the other.
    if (plan_.orders[order].kind == order_kind::twice && order % 2 == 0)
      add(errand{errand::purpose::repeat, order, 0, {}});
  }

  void add(errand what) {
    ++open_[what.order];
    ready_.push_back(what);
  }

  void send_ready(std::unique_lock<std::mutex>& lock) {
    const auto now = clock::now();
    std::erase_if(delayed_, [&](const delayed_errand& one) {
      if (one.due <= now) ready_.push_back(one.what);
      return one.due <= now;
    });
    while (!ready_.empty()) {
      auto what = ready_.back();
      ready_.pop_back();
      if (what.attempts++ == 0) what.first_sent = clock::now();
      lock.unlock();
      auto sent = shop_.connection().send(request_of(what), [this, what](auto answer) { take(what, answer); });
      lock.lock();
      if (!sent) settle(what, failure(std::move(sent.error())));
    }
  }

  [[nodiscard]] http::client_request request_of(const errand& what) const {
    const auto& planned = plan_.orders[what.order];
    if (what.what == errand::purpose::cancel)
      return shop_.post_request("/orders/" + outcome_.orders[what.order].accepted.order_id + "/cancel", "{}");
    return shop_.post_request("/orders", describe::to_json(planned.command), planned.idempotency);
  }

  /// On the client's thread.
  void take(const errand& what, const result<http::client_response>& answer) {
    std::unique_lock lock{mutex_};
    if (is_passing(answer) && what.attempts < options_.attempts_max) {
      ++outcome_.repeats;
      delayed_.push_back({clock::now() + wait_wanted_by(answer), what});
    } else {
      settle(what, answer);
    }
    send_ready(lock);
    if (answered_ == begun_) changed_.notify_all();
  }

  void settle(const errand& what, const result<http::client_response>& answer) {
    auto& order = outcome_.orders[what.order];
    if (!answer) order.trouble = answer.error().text;
    const int status = answer ? answer->status : 0;
    switch (what.what) {
      case errand::purpose::place:
        note_placed(what, status, answer ? answer->body : std::string{});
        break;
      case errand::purpose::repeat:
        order.repeat_status = status;
        break;
      case errand::purpose::cancel:
        order.cancel_status = status;
        break;
    }
    if (what.what != errand::purpose::cancel && answer) compare(what.order, answer->body);
    if (--open_[what.order] > 0) return;
    bodies_[what.order].reset();
    ++answered_;
    begin_next();
  }

  void note_placed(const errand& what, int status, const std::string& body) {
    auto& order = outcome_.orders[what.order];
    const auto now = clock::now();
    order.status = status;
    order.took = std::chrono::duration_cast<std::chrono::microseconds>(now - what.first_sent);
    if (outcome_.first_answer.count() == 0)
      outcome_.first_answer = std::chrono::duration_cast<std::chrono::microseconds>(now - started_);
    if (status != 201) return;
    if (const auto read = describe::from_json<messages::order_summary>(body))
      order.accepted = {read->order_id, read->customer_id, read->total};
    else
      order.trouble = read.error().text;
    if (order.kind == order_kind::cancelled) add(errand{errand::purpose::cancel, what.order, 0, {}});
    if (order.kind == order_kind::twice && what.order % 2 == 1)
      add(errand{errand::purpose::repeat, what.order, 0, {}});
  }

  /// Of two answers under one key, the second to come is held against the first.
  void compare(std::size_t index, const std::string& body) {
    auto& order = outcome_.orders[index];
    if (order.kind != order_kind::twice) return;
    if (bodies_[index])
      order.same_answer = *bodies_[index] == body && order.status == order.repeat_status;
    else
      bodies_[index] = body;
  }

  const shop_client& shop_;
  const order_plan& plan_;
  const load_options options_;
  clock::time_point started_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  load_result outcome_;
  std::vector<int> open_;                           ///< errands under way, by order
  std::vector<std::optional<std::string>> bodies_;  ///< of `twice`: the first answer
  std::vector<errand> ready_;
  std::vector<delayed_errand> delayed_;
  std::size_t next_ = 0;
  std::size_t begun_ = 0;
  std::size_t answered_ = 0;
  bool stopped_ = false;
};

}  // namespace

load_result run_load(const shop_client& shop, const order_plan& plan, const load_options& options,
                     const std::function<bool(std::size_t)>& watch) {
  return driver{shop, plan, options}.run(watch);
}

std::vector<accepted_order> accepted_of(const load_result& load) {
  std::vector<accepted_order> all;
  for (const auto& one : load.orders)
    if (one.status == 201) all.push_back(one.accepted);
  return all;
}

}  // namespace musiccorp::demo

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "demo/plan.hpp"
#include "demo/shop_client.hpp"
#include "describe/json.hpp"

namespace musiccorp::testing {

/// Where the shop is now. Thread-safe.
class address_board {
 public:
  void put(std::string url) {
    const std::lock_guard hold{mutex_};
    url_ = std::move(url);
    ++number_;
    changed_.notify_all();
  }
  /// The newest address; waits a moment for one that is newer than this one.
  std::pair<std::string, int> newer_than(int number) {
    std::unique_lock hold{mutex_};
    changed_.wait_for(hold, std::chrono::milliseconds{200}, [&] { return number_ > number || closed_; });
    return {url_, number_};
  }
  void close() {
    const std::lock_guard hold{mutex_};
    closed_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool is_closed() {
    const std::lock_guard hold{mutex_};
    return closed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string url_;
  int number_ = 0;
  bool closed_ = false;
};

/// An order and the one answer that it finally got.
struct answered_order {
  demo::planned_order planned;
  int status = 0;
  std::string body;
  int attempts = 0;
  int lost = 0;                          ///< attempts that ended without an answer: the effect was unknown
  std::chrono::milliseconds longest{0};  ///< attempt
};

/// Clients that do not give up: an order without an answer is sent again under the same key, to wherever the shop is
/// by then. Nothing that they sent is forgotten.
class stubborn_clients {
 public:
  /// `patience`: how long they wait for one answer.
  stubborn_clients(address_board& board, std::vector<demo::planned_order> orders, std::size_t clients,
                   std::chrono::milliseconds patience = std::chrono::seconds{5})
      : board_(board), orders_(std::move(orders)), connection_({.connections_per_host = 64, .timeout = patience}) {
    for (std::size_t i = 0; i < clients; ++i) threads_.emplace_back([this] { run(); });
  }
  ~stubborn_clients() {
    board_.close();
    (void)finish();
  }
  stubborn_clients(const stubborn_clients&) = delete;
  stubborn_clients& operator=(const stubborn_clients&) = delete;

  /// No new orders; the begun ones get their answers.
  std::vector<answered_order> finish() {
    stopping_ = true;
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
    const std::lock_guard hold{mutex_};
    return std::move(answered_);
  }
  [[nodiscard]] std::size_t begun() const { return std::min(next_.load(), orders_.size()); }

 private:
  void run() {
    while (!stopping_ && !board_.is_closed()) {
      const auto index = next_++;
      if (index >= orders_.size()) return;
      auto one = send(orders_[index]);
      if (one.planned.kind == demo::order_kind::cancelled && one.status == 201) cancel(one);
      const std::lock_guard hold{mutex_};
      answered_.push_back(std::move(one));
    }
  }

  answered_order send(const demo::planned_order& planned) {
    answered_order one;
    one.planned = planned;
    const auto body = describe::to_json(planned.command);
    auto [url, number] = board_.newer_than(0);
    while (!board_.is_closed()) {
      ++one.attempts;
      const demo::shop_client shop{connection_, url};
      const auto began = std::chrono::steady_clock::now();
      auto answer = connection_.fetch(shop.post_request("/orders", body, planned.idempotency));
      one.longest =
          std::max(one.longest,
                   std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began));
      if (answer && answer->status != 429 && answer->status != 503 && answer->status != 504) {
        one.status = answer->status;
        one.body = std::move(answer->body);
        break;
      }
      if (!answer) ++one.lost;
      std::tie(url, number) = board_.newer_than(number);
    }
    return one;
  }

  /// Once: what becomes of it is open, and both outcomes must add up.
  void cancel(const answered_order& one) {
    const auto placed = describe::from_json<messages::order_summary>(one.body);
    if (!placed) return;
    const demo::shop_client shop{connection_, board_.newer_than(0).first};
    (void)connection_.fetch(shop.post_request("/orders/" + placed->order_id + "/cancel", "{}"));
  }

  address_board& board_;
  const std::vector<demo::planned_order> orders_;
  http::client connection_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<answered_order> answered_;
  std::vector<std::thread> threads_;
};

}  // namespace musiccorp::testing

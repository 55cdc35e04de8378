#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "demo/books.hpp"
#include "demo/plan.hpp"
#include "demo/shop_client.hpp"

namespace musiccorp::demo {

/// What became of one planned order at the shop's door.
struct sent_order {
  order_kind kind = order_kind::ordinary;
  int status = 0;            ///< of the final answer; 0: none came
  accepted_order accepted;   ///< filled for 201
  int repeat_status = 0;     ///< `twice`: of the other answer
  bool same_answer = false;  ///< `twice`: status and body are the same
  int cancel_status = 0;     ///< `cancelled`: of the cancel
  std::chrono::microseconds took{};
  std::string trouble;  ///< why there is no answer
};

struct load_options {
  std::size_t clients = 8;
  std::size_t window = 4;  ///< open orders of one client
  int attempts_max = 20;   ///< of one request: 429, 503, 504 and lost connections are tried again, under the same key
};

struct load_result {
  std::vector<sent_order> orders;  ///< in the order of the plan
  std::chrono::microseconds took{};
  std::chrono::microseconds first_answer{};  ///< after the first request had left
  std::uint64_t repeats = 0;                 ///< requests that had to be sent again
};

/// Sends all orders of the plan, each as soon as a client has room for it, and waits for all answers. `watch` is
/// told now and then how many are answered; when it returns false, no more are sent.
[[nodiscard]] load_result run_load(const shop_client& shop, const order_plan& plan, const load_options& options,
                                   const std::function<bool(std::size_t answered)>& watch);

/// Those with a 201.
[[nodiscard]] std::vector<accepted_order> accepted_of(const load_result& load);

}  // namespace musiccorp::demo

#pragma once

#include <string>

#include "storage/store.hpp"

namespace musiccorp::storage {

inline constexpr instant noon{std::chrono::hours{12}};

/// An event with something in every field.
[[nodiscard]] inline envelope sample_event(std::string type = "order.placed", instant occurred = noon) {
  return {.id = "01H",
          .type = std::move(type),
          .version = 3,
          .key = "o-1",
          .source = "order",
          .seq = 0,
          .to = {},
          .correlation = "c",
          .causation = "b",
          .traceparent = "00-ab-cd-01",
          .occurred = occurred,
          .expires = noon + base::duration{5},
          .reply_to = "order",
          .answers = "q",
          .idempotency = "place:k",
          .payload = R"({"order_id":"o-1"})"};
}

[[nodiscard]] inline envelope sample_request(std::string to) {
  auto request = sample_event("reserve_stock");
  request.to = std::move(to);
  return request;
}

[[nodiscard]] inline waiting_row sample_waiting(std::string upstream = "order", std::uint64_t seq = 7) {
  return {.upstream = std::move(upstream),
          .seq = seq,
          .state = waiting_state::deferred,
          .key = "o-1",
          .attempts = 2,
          .due = noon + base::duration{9},
          .first_failed = noon,
          .last_failed = noon + base::duration{1},
          .reason = "timeout",
          .error = "no answer from the warehouse",
          .replay = 3,
          .attempts_before = 4,
          .deferred_since = noon + base::duration{2},
          .awaited_type = "order",
          .awaited_key = "o-2",
          .message = sample_event()};
}

[[nodiscard]] inline attempt_row sample_attempt(std::int32_t number, std::uint64_t seq = 7) {
  return {.upstream = "order",
          .seq = seq,
          .number = number,
          .replay = 1,
          .started = noon,
          .ended = noon + base::duration{number},
          .outcome = "retried",
          .kind = "crash",
          .text = "two\0parts",
          .backtrace = "#0 a\n#1 b",
          .node = "shop",
          .version = "1.2"};
}

[[nodiscard]] inline answer_row sample_answer(std::string idempotency, instant given = noon) {
  return {.idempotency = idempotency,
          .body_hash = 0xfedcba9876543210,
          .status = 201,
          .type = "order_summary",
          .payload = R"({"order_id":"o-1"})",
          .given = given,
          .conversation = "c-" + idempotency};
}

}  // namespace musiccorp::storage

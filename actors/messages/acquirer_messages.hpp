#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "messages/line.hpp"

/// The contract between payment and the payment provider. `acquirer` is the built-in one; another provider is another
/// service that answers charge_card and refund_card under these promises:
///
/// - A request is known by its `idempotency` text. A repeat gets the answer of the first one and moves no money.
/// - A refund gives back what the charge of the same order took, at most once.
/// - Trouble (unreachable, slow) is a transient fault or a wait; a "no" of the card's bank is card_declined.
namespace musiccorp::messages {

/// Durable request: take this amount. Answered with card_charged or card_declined.
struct charge_card {
  std::string order_id{};
  std::string idempotency{};
  money amount{};
  std::string card{};

  static constexpr auto describe() {
    return describe_as("charge_card", 1, key("order_id", &charge_card::order_id),
                       field("idempotency", &charge_card::idempotency, "a repeat charges nothing"),
                       field("amount", &charge_card::amount), field("card", &charge_card::card, pii));
  }
};

struct card_charged {
  std::string order_id{};
  std::string idempotency{};
  money amount{};
  instant at{};

  static constexpr auto describe() {
    return describe_as("card_charged", 1, key("order_id", &card_charged::order_id),
                       field("idempotency", &card_charged::idempotency), field("amount", &card_charged::amount),
                       field("at", &card_charged::at));
  }
};

struct card_declined {
  std::string order_id{};
  std::string idempotency{};
  std::string reason{};

  static constexpr auto describe() {
    return describe_as("card_declined", 1, key("order_id", &card_declined::order_id),
                       field("idempotency", &card_declined::idempotency), field("reason", &card_declined::reason));
  }
};

/// Durable request: give this amount back. Answered with card_refunded.
struct refund_card {
  std::string order_id{};
  std::string idempotency{};
  money amount{};

  static constexpr auto describe() {
    return describe_as("refund_card", 1, key("order_id", &refund_card::order_id),
                       field("idempotency", &refund_card::idempotency, "a repeat refunds nothing"),
                       field("amount", &refund_card::amount));
  }
};

struct card_refunded {
  std::string order_id{};
  std::string idempotency{};
  money amount{};
  instant at{};

  static constexpr auto describe() {
    return describe_as("card_refunded", 1, key("order_id", &card_refunded::order_id),
                       field("idempotency", &card_refunded::idempotency), field("amount", &card_refunded::amount),
                       field("at", &card_refunded::at));
  }
};

/// Command: from now on be this slow and this unreliable.
struct set_acquirer_behaviour {
  std::int64_t delay_ms = 0;
  std::int64_t fail_percent = 0;

  static constexpr auto describe() {
    return describe_as("set_acquirer_behaviour", 1,
                       field("delay_ms", &set_acquirer_behaviour::delay_ms, defaulted, between(0, 600'000),
                             "a request is answered when it is this old"),
                       field("fail_percent", &set_acquirer_behaviour::fail_percent, defaulted, between(0, 100),
                             "of the attempts end as unavailable"));
  }
};

struct acquirer_behaviour {
  std::int64_t delay_ms = 0;
  std::int64_t fail_percent = 0;

  static constexpr auto describe() {
    return describe_as("acquirer_behaviour", 1, field("delay_ms", &acquirer_behaviour::delay_ms),
                       field("fail_percent", &acquirer_behaviour::fail_percent));
  }
};

/// Query: how it behaves now.
struct show_acquirer_behaviour {
  static constexpr auto describe() { return describe_as("show_acquirer_behaviour", 1); }
};

/// Query: what the provider says happened for this order.
struct show_ledger {
  std::string order_id{};

  static constexpr auto describe() {
    return describe_as("show_ledger", 1, key("order_id", &show_ledger::order_id, id_length));
  }
};

struct ledger_line {
  std::string kind{};  ///< charge, decline, refund
  money amount{};
  instant at{};
  std::int64_t repeats = 0;  ///< requests under the same idempotency key that moved nothing

  static constexpr auto describe() {
    return describe_as("ledger_line", 1, field("kind", &ledger_line::kind, "charge, decline or refund"),
                       field("amount", &ledger_line::amount), field("at", &ledger_line::at),
                       field("repeats", &ledger_line::repeats, defaulted, "requests that moved nothing"));
  }
};

struct acquirer_ledger {
  std::string order_id{};
  std::vector<ledger_line> entries{};

  static constexpr auto describe() {
    return describe_as("acquirer_ledger", 1, key("order_id", &acquirer_ledger::order_id),
                       field("entries", &acquirer_ledger::entries));
  }
};

}  // namespace musiccorp::messages

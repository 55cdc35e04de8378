#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/acquirer_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// The built-in payment provider. Deterministic: the card decides. Its contract, and how to put another provider in
/// its place, is in messages/acquirer_messages.hpp.
namespace musiccorp::acquirer {

struct acquirer_settings {
  std::vector<std::string> declined_cards{"4000-0000-0000-0002", "4000-0000-0000-9995"};
  std::int64_t delay_ms = 0;
  std::int64_t fail_percent = 0;

  static constexpr auto describe() {
    return describe_as("acquirer_settings", 1,
                       field("declined_cards", &acquirer_settings::declined_cards, defaulted, at_most(1000),
                             "cards that the bank refuses; all others are good"),
                       field("delay_ms", &acquirer_settings::delay_ms, defaulted, between(0, 600'000),
                             "a request is answered when it is this old"),
                       field("fail_percent", &acquirer_settings::fail_percent, defaulted, between(0, 100),
                             "of the attempts end as unavailable"));
  }
};

enum class entry_kind { charge, decline, refund };
constexpr std::array<std::string_view, 3> describe_choice(entry_kind) { return {"charge", "decline", "refund"}; }

/// One line of the provider's own books, by idempotency text: written once, never changed but for `repeats`.
struct ledger_entry {
  std::string entry_id;  ///< "<order_id>/<idempotency>"
  std::string order_id;
  entry_kind kind = entry_kind::charge;
  messages::money amount;
  std::string card_end;  ///< the last four characters
  instant at{};
  std::int64_t repeats = 0;

  static constexpr auto describe() {
    return describe_as("ledger_entry", 1, key("entry_id", &ledger_entry::entry_id),
                       field("order_id", &ledger_entry::order_id), field("kind", &ledger_entry::kind),
                       field("amount", &ledger_entry::amount), field("card_end", &ledger_entry::card_end),
                       field("at", &ledger_entry::at), field("repeats", &ledger_entry::repeats));
  }
};

/// What PUT /acquirer/behaviour has set; the settings hold until there is one.
struct behaviour {
  std::string name = "behaviour";  ///< there is only one
  std::int64_t delay_ms = 0;
  std::int64_t fail_percent = 0;

  static constexpr auto describe() {
    return describe_as("behaviour", 1, key("name", &behaviour::name), field("delay_ms", &behaviour::delay_ms),
                       field("fail_percent", &behaviour::fail_percent));
  }
};

outcome charge(turn& now, const messages::charge_card& request, const acquirer_settings& settings);
outcome refund(turn& now, const messages::refund_card& request, const acquirer_settings& settings);

outcome set_behaviour(turn& now, const messages::set_acquirer_behaviour& command);
outcome answer_behaviour(turn& now, const messages::show_acquirer_behaviour& query,
                         const acquirer_settings& settings);
outcome answer_ledger(turn& now, const messages::show_ledger& query);

}  // namespace musiccorp::acquirer

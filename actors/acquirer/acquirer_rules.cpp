#include "acquirer/acquirer_rules.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace musiccorp::acquirer {

using namespace messages;

namespace {

constexpr std::size_t entries_max = 100;  // Of one order; there are two when all keep their promises.

behaviour behaviour_now(turn& now, const acquirer_settings& settings) {
  const behaviour as_configured{.delay_ms = settings.delay_ms, .fail_percent = settings.fail_percent};
  return now.find<behaviour>(as_configured.name).value_or(as_configured);
}

/// Slowness and failure, as told. Before any effect, so a later attempt finds nothing half done.
std::optional<outcome> hesitation(turn& now, const acquirer_settings& settings) {
  const auto told = behaviour_now(now, settings);
  const auto ready = now.message().occurred + std::chrono::milliseconds{told.delay_ms};
  if (now.now() < ready) return not_yet{"the payment provider is slow", ready - now.now()};
  if (static_cast<std::int64_t>(now.random().below(100)) < told.fail_percent)
    return fault{fault_kind::unavailable, "the payment provider does not answer", {}, {}};
  return std::nullopt;
}

std::string entry_id(std::string_view order_id, std::string_view idempotency) {
  return std::string{order_id} + "/" + std::string{idempotency};
}

std::string last_four(const std::string& card) { return card.size() > 4 ? card.substr(card.size() - 4) : card; }

/// The entry that an earlier request under the same idempotency text has made; the repeat is counted.
std::optional<ledger_entry> repeated(turn& now, std::string_view order_id, std::string_view idempotency) {
  auto entry = now.find<ledger_entry>(entry_id(order_id, idempotency));
  if (!entry) return std::nullopt;
  ++entry->repeats;
  now.save(*entry);
  return entry;
}

outcome answer_of(const ledger_entry& entry, const std::string& idempotency) {
  if (entry.kind == entry_kind::decline) return card_declined{entry.order_id, idempotency, "card declined"};
  if (entry.kind == entry_kind::refund) return card_refunded{entry.order_id, idempotency, entry.amount, entry.at};
  return card_charged{entry.order_id, idempotency, entry.amount, entry.at};
}

std::vector<ledger_entry> entries_of(turn& now, const std::string& order_id) {
  return now.list<ledger_entry>({.prefix = order_id + "/", .limit = entries_max}).items;
}

bool can_be_refunded(turn& now, const refund_card& request) {
  const auto entries = entries_of(now, request.order_id);
  const auto charged = std::ranges::find(entries, entry_kind::charge, &ledger_entry::kind);
  return charged != entries.end() && charged->amount == request.amount &&
         std::ranges::find(entries, entry_kind::refund, &ledger_entry::kind) == entries.end();
}

}  // namespace

outcome charge(turn& now, const charge_card& request, const acquirer_settings& settings) {
  if (auto wait = hesitation(now, settings)) return *wait;
  if (const auto before = repeated(now, request.order_id, request.idempotency))
    return answer_of(*before, request.idempotency);

  const bool refused = std::ranges::find(settings.declined_cards, request.card) != settings.declined_cards.end();
  const ledger_entry entry{entry_id(request.order_id, request.idempotency),
                           request.order_id,
                           refused ? entry_kind::decline : entry_kind::charge,
                           request.amount,
                           last_four(request.card),
                           now.now(),
                           0};
  now.save(entry);
  return answer_of(entry, request.idempotency);
}

outcome refund(turn& now, const refund_card& request, const acquirer_settings& settings) {
  if (auto wait = hesitation(now, settings)) return *wait;
  if (const auto before = repeated(now, request.order_id, request.idempotency))
    return answer_of(*before, request.idempotency);
  if (!can_be_refunded(now, request))
    return fault{fault_kind::conflict, "no charge of this amount to give back for order " + request.order_id, {}, {}};

  const ledger_entry entry{entry_id(request.order_id, request.idempotency),
                           request.order_id,
                           entry_kind::refund,
                           request.amount,
                           {},
                           now.now(),
                           0};
  now.save(entry);
  return answer_of(entry, request.idempotency);
}

outcome set_behaviour(turn& now, const set_acquirer_behaviour& command) {
  now.save(behaviour{.delay_ms = command.delay_ms, .fail_percent = command.fail_percent});
  return acquirer_behaviour{command.delay_ms, command.fail_percent};
}

outcome answer_behaviour(turn& now, const show_acquirer_behaviour&, const acquirer_settings& settings) {
  const auto told = behaviour_now(now, settings);
  return acquirer_behaviour{told.delay_ms, told.fail_percent};
}

outcome answer_ledger(turn& now, const show_ledger& query) {
  acquirer_ledger ledger{query.order_id, {}};
  for (const auto& entry : entries_of(now, query.order_id))
    ledger.entries.push_back({std::string{describe::name_of(entry.kind)}, entry.amount, entry.at, entry.repeats});
  if (ledger.entries.empty()) return no_such("ledger of order", query.order_id);
  return ledger;
}

}  // namespace musiccorp::acquirer

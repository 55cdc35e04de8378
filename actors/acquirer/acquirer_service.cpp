#include "acquirer/acquirer_service.hpp"

namespace musiccorp::acquirer {

using namespace messages;

service_definition acquirer_service(acquirer_settings settings) {
  return service_definition{"acquirer"}
      .on([settings](turn& now, const charge_card& request) { return charge(now, request, settings); })
      .on([settings](turn& now, const refund_card& request) { return refund(now, request, settings); })
      .on(set_behaviour)
      .on([settings](turn& now, const show_acquirer_behaviour& query) {
        return answer_behaviour(now, query, settings);
      })
      .on(answer_ledger)
      .says<card_charged, card_declined, card_refunded>()
      .put<set_acquirer_behaviour, acquirer_behaviour>("/acquirer/behaviour", "Make the provider slow or unreliable")
      .get<show_acquirer_behaviour, acquirer_behaviour>("/acquirer/behaviour", "How the provider behaves now")
      .get<show_ledger, acquirer_ledger>("/acquirer/ledger/{order_id}", "What the provider booked for an order");
}

}  // namespace musiccorp::acquirer

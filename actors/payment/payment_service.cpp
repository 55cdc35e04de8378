#include "payment/payment_service.hpp"

#include "payment/payment_rules.hpp"

namespace musiccorp::payment {

using namespace messages;

service_definition payment_service() {
  return service_definition{"payment"}
      .by_key()
      .says_under_own_keys()
      .hears_everywhere<fraud_flag_updated>()  // About customers, and payments are kept by order.
      .keeps_everywhere<fraud_flag>()
      .on(take_payment)   // order.placed -> charge_card, or payment.declined
      .on(book_charge)    // card_charged -> payment.received, or refund_card when it was voided
      .on(book_decline)   // card_declined -> payment.declined
      .on(decide_void)    // void_payment -> payment_voided or payment_kept
      .on(give_back)      // order.cancelled -> refund_card
      .on(book_refund)    // card_refunded -> payment.refunded
      .on(remember_flag)  // fraud.flag_updated
      .on(answer_payment)
      .on(answer_payments)
      .says<charge_card, refund_card, payment_voided, payment_kept, payment_received, payment_declined,
            payment_refunded>()
      .get<list_payments, payment_page>("/payments", "Payments, oldest order first")
      .get<show_payment, payment_summary>("/payments/{order_id}", "The payment of one order");
}

}  // namespace musiccorp::payment

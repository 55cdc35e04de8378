#include "fraud/fraud_service.hpp"

namespace musiccorp::fraud {

using namespace messages;

namespace {

/// The rule with the settings put in.
template <class Event>
auto with(const fraud_settings& settings, outcome (*rule)(turn&, const Event&, const fraud_settings&)) {
  return [settings, rule](turn& now, const Event& event) { return rule(now, event, settings); };
}

}  // namespace

service_definition fraud_service(fraud_settings settings) {
  return service_definition{"fraud"}
      .on(with(settings, meet))           // customer.registered
      .on(with(settings, score_change))   // customer.updated
      .on(with(settings, score_order))    // order.placed
      .on(with(settings, score_payment))  // payment.received
      .on(with(settings, score_decline))  // payment.declined
      .on(with(settings, score_refund))   // payment.refunded
      .on(answer_score)
      .says<fraud_flag_updated>()
      .get<show_fraud_score, fraud_score>("/fraud/{customer_id}", "What is thought of a customer");
}

}  // namespace musiccorp::fraud

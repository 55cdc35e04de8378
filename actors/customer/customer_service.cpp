#include "customer/customer_service.hpp"

#include "customer/customer_rules.hpp"

namespace musiccorp::customer {

using namespace messages;

service_definition customer_service() {
  return service_definition{"customer"}
      .by_key()
      .says_under_own_keys()
      .on(register_one)
      .on(update)
      .on(check)
      .on(answer_customer)
      .says<customer_registered, customer_updated>()
      .post<register_customer, customer_summary>("/customers", "Become a customer", 201, "/customers/{customer_id}")
      .put<update_customer, customer_summary>("/customers/{customer_id}", "Replace a customer's data")
      .get<show_customer, customer_summary>("/customers/{customer_id}", "One customer");
}

}  // namespace musiccorp::customer

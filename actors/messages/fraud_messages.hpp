#pragma once

#include <cstdint>
#include <string>

#include "messages/line.hpp"

/// What fraud answers and says.
namespace musiccorp::messages {

/// Query: what is thought of this customer.
struct show_fraud_score {
  std::string customer_id{};

  static constexpr auto describe() {
    return describe_as("show_fraud_score", 1, key("customer_id", &show_fraud_score::customer_id, id_length));
  }
};

struct fraud_score {
  std::string customer_id{};
  std::int64_t points = 0;
  bool flagged = false;
  std::int64_t version = 0;  ///< of the flag
  std::int64_t orders = 0;
  std::int64_t payments = 0;
  std::int64_t declines = 0;
  std::int64_t refunds = 0;

  static constexpr auto describe() {
    return describe_as("fraud_score", 1, key("customer_id", &fraud_score::customer_id),
                       field("points", &fraud_score::points, "0: nothing suspicious"),
                       field("flagged", &fraud_score::flagged, "payments are declined"),
                       field("version", &fraud_score::version, "how often the flag has changed"),
                       field("orders", &fraud_score::orders), field("payments", &fraud_score::payments),
                       field("declines", &fraud_score::declines), field("refunds", &fraud_score::refunds));
  }
};

/// Event: a customer's flag changed. `version` counts the changes, so that an older one can be recognised.
struct fraud_flag_updated {
  std::string customer_id{};
  bool flagged = false;
  std::int64_t points = 0;
  std::int64_t version = 0;

  static constexpr auto describe() {
    return describe_as("fraud.flag_updated", 1, key("customer_id", &fraud_flag_updated::customer_id),
                       field("flagged", &fraud_flag_updated::flagged), field("points", &fraud_flag_updated::points),
                       field("version", &fraud_flag_updated::version));
  }
};

}  // namespace musiccorp::messages

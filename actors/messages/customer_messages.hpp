#pragma once

#include <string>

#include "messages/address.hpp"
#include "messages/line.hpp"

/// What customer answers and says.
namespace musiccorp::messages {

inline constexpr auto name_length = between(1, 200);
inline constexpr auto email_length = between(3, 254);

/// Command: be our customer.
struct register_customer {
  std::string name{};
  std::string email{};
  messages::address address{};

  static constexpr auto describe() {
    return describe_as("register_customer", 1, field("name", &register_customer::name, pii, name_length),
                       field("email", &register_customer::email, pii, email_length),
                       field("address", &register_customer::address));
  }
};

/// Command: this is what I am called and where I live now. Replaces everything.
struct update_customer {
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};

  static constexpr auto describe() {
    return describe_as("update_customer", 1, key("customer_id", &update_customer::customer_id, id_length),
                       field("name", &update_customer::name, pii, name_length),
                       field("email", &update_customer::email, pii, email_length),
                       field("address", &update_customer::address));
  }
};

/// Query: one customer.
struct show_customer {
  std::string customer_id{};

  static constexpr auto describe() {
    return describe_as("show_customer", 1, key("customer_id", &show_customer::customer_id, id_length));
  }
};

/// Question: who is this? Answered with a customer_summary; rejected with 422 and the pointer /customer_id.
struct check_customer {
  std::string customer_id{};

  static constexpr auto describe() {
    return describe_as("check_customer", 1, key("customer_id", &check_customer::customer_id, id_length));
  }
};

struct customer_summary {
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};

  static constexpr auto describe() {
    return describe_as("customer_summary", 1, key("customer_id", &customer_summary::customer_id),
                       field("name", &customer_summary::name, pii), field("email", &customer_summary::email, pii),
                       field("address", &customer_summary::address));
  }
};

/// Event: somebody became a customer.
struct customer_registered {
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};

  static constexpr auto describe() {
    return describe_as("customer.registered", 1, key("customer_id", &customer_registered::customer_id),
                       field("name", &customer_registered::name, pii),
                       field("email", &customer_registered::email, pii),
                       field("address", &customer_registered::address));
  }
};

/// Event: a customer's data changed; this is all of it.
struct customer_updated {
  std::string customer_id{};
  std::string name{};
  std::string email{};
  messages::address address{};

  static constexpr auto describe() {
    return describe_as("customer.updated", 1, key("customer_id", &customer_updated::customer_id),
                       field("name", &customer_updated::name, pii), field("email", &customer_updated::email, pii),
                       field("address", &customer_updated::address));
  }
};

}  // namespace musiccorp::messages

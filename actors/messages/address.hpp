#pragma once

#include <string>

#include "describe/describe.hpp"

namespace musiccorp::messages {

/// Where a parcel goes. That nothing is missing is checked by customer, when it is told.
struct address {
  std::string street{};
  std::string city{};
  std::string postcode{};
  std::string country{};

  friend bool operator==(const address&, const address&) = default;
  static constexpr auto describe() {
    return describe_as("address", 1, field("street", &address::street, pii, at_most(200)),
                       field("city", &address::city, pii, at_most(100)),
                       field("postcode", &address::postcode, pii, at_most(20)),
                       field("country", &address::country, "name or ISO 3166 code", at_most(60)));
  }
};

}  // namespace musiccorp::messages

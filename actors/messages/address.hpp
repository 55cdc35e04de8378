#pragma once

#include <string>

#include "describe/describe.hpp"

namespace musiccorp::messages {

/// Where a parcel goes.
struct address {
  std::string street;
  std::string city;
  std::string postcode;
  std::string country;

  friend bool operator==(const address&, const address&) = default;
  static constexpr auto describe() {
    return describe_as("address", 1, field("street", &address::street, pii, between(1, 200)),
                       field("city", &address::city, pii, between(1, 100)),
                       field("postcode", &address::postcode, pii, between(1, 20)),
                       field("country", &address::country, "name or ISO 3166 code", between(2, 60)));
  }
};

}  // namespace musiccorp::messages

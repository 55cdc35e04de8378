#pragma once

#include <chrono>
#include <string>

#include "demo/shop_client.hpp"

namespace musiccorp::demo {

/// What became of the demo's one dead letter.
struct hospital_visit {
  std::string case_id;
  std::string error;
  std::int64_t attempts = 0;
  std::int64_t parked = 0;  ///< messages of its key that waited behind it
  std::string rehearsed;    ///< what the mended message would have done: "done"
  std::string state;        ///< of the case at the end: "healed"

  static constexpr auto describe() {
    return describe_as("hospital_visit", 1, field("case_id", &hospital_visit::case_id),
                       field("error", &hospital_visit::error), field("attempts", &hospital_visit::attempts),
                       field("parked", &hospital_visit::parked), field("rehearsed", &hospital_visit::rehearsed),
                       field("state", &hospital_visit::state));
  }
};

/// Does what a person would do who finds the price job in the hospital: looks at its case, rehearses it with another
/// percentage, replays it so edited, and waits until it is healed. fault{internal} when there is not exactly one
/// case, fault{timeout} when it is not healed within `longest`.
[[nodiscard]] result<hospital_visit> mend_price_job(const shop_client& shop, std::int64_t percent,
                                                    std::chrono::milliseconds longest);

}  // namespace musiccorp::demo

#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace musiccorp::delivery {

using base::duration;
using base::instant;

struct retry_policy {
  int attempts_max = 5;  ///< failed attempts after which a message is a dead letter
  duration delay_first = std::chrono::milliseconds{100};
  duration delay_longest = std::chrono::seconds{30};
};

/// The longest wait after this many failed attempts: delay_first, doubled for each further one, at most
/// delay_longest.
[[nodiscard]] duration delay_ceiling(const retry_policy& policy, int failed_attempts);

/// A wait chosen evenly in (0, delay_ceiling]: exponential backoff with full jitter (Brooker, "Exponential Backoff
/// And Jitter", AWS Architecture Blog, 2015), and never shorter than what the other side asked for.
[[nodiscard]] duration delay_after(const retry_policy& policy, int failed_attempts, const base::fault& trouble,
                                   base::random_source& random);

/// What follows from a failed attempt.
struct verdict {
  bool dies = false;
  instant due{};       ///< when to try again, if it lives
  std::string reason;  ///< of a death: "attempts" when the limit is reached, else the fault kind's name
};

/// `attempts` counts this failure. Transient trouble and crashes are tried again up to the limit, permanent trouble
/// never.
[[nodiscard]] verdict judge(const retry_policy& policy, int attempts, const base::fault& trouble, instant now,
                            base::random_source& random);

}  // namespace musiccorp::delivery

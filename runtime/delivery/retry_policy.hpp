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
  int jitter_percent = 100;                    ///< the part of each wait that is random: 100 full jitter, 0 none
  duration deadline = std::chrono::hours{24};  ///< since its first failure; then a message dies whatever is left
  int process_deaths_max = 2;  ///< proven deaths of the process in it after which a message is a dead letter
  duration retry_after_longest = std::chrono::hours{1};  ///< what another side asks for beyond this is cut to it
};

/// What becomes of a message whose attempts are used up, and of those of its key behind it.
enum class order_policy : std::uint8_t {
  park,   ///< it dies; the others of its key wait until it is replayed or discarded
  block,  ///< trouble that may pass and crashes never kill it: it is tried again for ever, at the longest wait
  none    ///< messages of one key have no order: it dies, the others go on
};

/// The longest wait after this many failed attempts: delay_first, doubled for each further one, at most
/// delay_longest.
[[nodiscard]] duration delay_ceiling(const retry_policy& policy, int failed_attempts);

/// Exponential backoff with jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): the
/// ceiling less a random share of its jitter part, in (0, ceiling], and never shorter than what the other side asked
/// for, up to retry_after_longest.
[[nodiscard]] duration delay_after(const retry_policy& policy, int failed_attempts, const base::fault& trouble,
                                   base::random_source& random);

/// What is known of a failure.
struct failed_attempt {
  int attempts = 1;        ///< this one included
  instant first_failed{};  ///< of this message; of a replay: when the replay first failed
  const base::fault& trouble;
};

/// What follows from a failed attempt.
struct verdict {
  bool dies = false;
  instant due{};       ///< when to try again, if it lives
  std::string reason;  ///< of a death: "attempts" when the limit is reached, "deadline", else the fault kind's name
};

/// Transient trouble and crashes are tried again up to the limit, permanent trouble never.
[[nodiscard]] verdict judge(const retry_policy& policy, order_policy order, const failed_attempt& failure,
                            instant now, base::random_source& random);

}  // namespace musiccorp::delivery

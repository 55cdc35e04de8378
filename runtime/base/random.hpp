#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace musiccorp::base {

/// Seeded generator (xoshiro256**, Blackman and Vigna 2018): the same seed gives the same run. One owner, no locking.
class random_source {
 public:
  explicit random_source(std::uint64_t seed);
  [[nodiscard]] std::uint64_t next();
  /// Evenly in [0, bound); 0 when `bound` is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// Evenly in [0, 1).
  [[nodiscard]] double unit();
  /// A generator of its own for somebody else, decided by this one's seed.
  [[nodiscard]] random_source split() { return random_source{next()}; }

 private:
  std::uint64_t state_[4];
};

/// A seed from the operating system, for programs that were given none.
[[nodiscard]] std::uint64_t seed_from_system();

/// 26 characters (Crockford base 32), sorted by time in milliseconds, then random: the ULID form.
[[nodiscard]] std::string make_id(instant now, random_source& random);

/// FNV-1a, 64 bit: the same on every node and in every version. Places keys on partitions; not for secrets.
[[nodiscard]] std::uint64_t stable_hash(std::string_view text);

}  // namespace musiccorp::base

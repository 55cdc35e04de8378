#include "base/random.hpp"

#include <bit>
#include <random>

namespace musiccorp::base {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

random_source::random_source(std::uint64_t seed) {
  for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t random_source::next() {
  const std::uint64_t value = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return value;
}

std::uint64_t random_source::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  const std::uint64_t unfair = (0 - bound) % bound;  // Values below it would make the first results likelier.
  for (;;)
    if (const auto value = next(); value >= unfair) return value % bound;
}

double random_source::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint64_t seed_from_system() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::string make_id(instant now, random_source& random) {
  static constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id(26, '0');
  auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count() / 1000);
  for (std::size_t i = 10; i-- > 0; milliseconds >>= 5) id[i] = digits[milliseconds & 31];
  std::uint64_t bits = random.next();
  for (std::size_t i = 10; i < 18; ++i, bits >>= 5) id[i] = digits[bits & 31];
  bits = random.next();
  for (std::size_t i = 18; i < 26; ++i, bits >>= 5) id[i] = digits[bits & 31];
  return id;
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace musiccorp::base

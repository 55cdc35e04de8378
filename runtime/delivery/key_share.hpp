#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"

/// Where a key belongs when a service has several partitions. The same on every node and for ever: partitions own
/// slots, and a key's slot never changes, so that what is counted by slot can be counted anew for another number of
/// partitions.
namespace musiccorp::delivery {

inline constexpr std::uint32_t key_slots = 64;

[[nodiscard]] inline std::uint32_t slot_of(std::string_view key) {
  return static_cast<std::uint32_t>(base::stable_hash(key) % key_slots);
}

/// Of `partitions`, 1 to key_slots.
[[nodiscard]] inline std::uint32_t partition_of(std::string_view key, std::uint32_t partitions) {
  return slot_of(key) % partitions;
}

/// The part of all keys that one partition of a service has.
struct key_share {
  std::uint32_t index = 0;
  std::uint32_t partitions = 1;
  std::vector<std::string> everywhere{};  ///< types that each partition hears, whatever their key

  [[nodiscard]] bool owns(std::string_view key) const {
    return partitions <= 1 || partition_of(key, partitions) == index;
  }
  [[nodiscard]] bool owns_slot(std::uint32_t slot) const { return partitions <= 1 || slot % partitions == index; }
  /// There may be a key that both of them own, of two services.
  [[nodiscard]] bool meets(const key_share& other) const {
    for (std::uint32_t slot = 0; slot < key_slots; ++slot)
      if (owns_slot(slot) && other.owns_slot(slot)) return true;
    return false;
  }
  [[nodiscard]] bool hears_everywhere(std::string_view type) const {
    return partitions <= 1 || std::find(everywhere.begin(), everywhere.end(), type) != everywhere.end();
  }
  /// An event of this type and key is for this partition.
  [[nodiscard]] bool takes(std::string_view type, std::string_view key) const {
    return hears_everywhere(type) || owns(key);
  }
  friend bool operator==(const key_share&, const key_share&) = default;
};

}  // namespace musiccorp::delivery

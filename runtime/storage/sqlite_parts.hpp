#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.hpp"

/// Stores made out of stores, for a service whose keys are shared out anew. For files that nobody writes to.
namespace musiccorp::storage {

struct store_part {
  std::filesystem::path file;                ///< is made; must not be there
  std::vector<std::filesystem::path> from;   ///< stores of the current schema
  std::optional<std::filesystem::path> log;  ///< the one of them whose log goes on; nothing: it starts empty
  std::vector<cursor_row> cursors;
  std::function<bool(std::string_view type, std::string_view key)> keeps;  ///< of the entities
};

/// Entities by type.
using entity_counts = std::map<std::string, std::uint64_t, std::less<>>;

/// Writes the part in one transaction, looks it over, and puts it on disk: entities with their versions (one that
/// several stores have is taken once), all kept answers, the cursors, and the log with all that belongs to it.
[[nodiscard]] result<entity_counts> write_part(const store_part& part);
[[nodiscard]] result<entity_counts> count_entities(const std::filesystem::path& file);
/// Forgets how far streams with partitions of these names had come, in both directions.
[[nodiscard]] result<void> forget_streams(const std::filesystem::path& file, std::span<const std::string> names);
/// What these subscribers have of its log.
[[nodiscard]] result<void> note_receipts(const std::filesystem::path& file, std::span<const subscriber_row> receipts);

}  // namespace musiccorp::storage

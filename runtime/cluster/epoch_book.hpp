#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "describe/describe.hpp"

/// Who owns which partition since when, as far as this node has seen. An epoch is a number that grows with each start
/// of an owner; the highest one that was ever seen of it is not forgotten while it owns the partition, so that an
/// owner that was frozen, or replaced, is recognised when it comes back.
namespace musiccorp::cluster {

struct ownership {
  std::uint64_t epoch = 0;
  std::string node{};
  std::string incarnation{};  ///< of the process that claimed it
  friend bool operator==(const ownership&, const ownership&) = default;

  static constexpr auto describe() {
    return describe_as("ownership", 1, field("epoch", &ownership::epoch), field("node", &ownership::node),
                       field("incarnation", &ownership::incarnation));
  }
};

/// An epoch counts the starts of one node. Which of two nodes owns a partition, the cluster file says; one to which
/// it has moved may have seen nothing of its former owner.
enum class claim : std::uint8_t {
  new_owner,  ///< a higher epoch than any before, or it was another node's
  known,      ///< exactly what is written
  stale,      ///< a lower epoch: another process of the node has taken over since
  clash       ///< the same epoch by another process: two owners at once
};

/// Partition to its last known owner. No locking.
class epoch_book {
 public:
  using entries = std::map<std::string, ownership>;
  epoch_book() = default;
  explicit epoch_book(entries known) : entries_(std::move(known)) {}

  [[nodiscard]] claim weigh(const std::string& partition, const ownership& claimed) const;
  /// Writes it down when it is a new owner's; true when something has changed.
  bool note(const std::string& partition, const ownership& claimed);
  [[nodiscard]] std::optional<ownership> owner_of(const std::string& partition) const;
  [[nodiscard]] const entries& all() const { return entries_; }

 private:
  entries entries_;
};

/// The book in a file of JSON. A file that is not there is an empty book; one that can't be read, or is not what was
/// written, is a fault{storage} or fault{corrupt} that names it.
[[nodiscard]] result<epoch_book> read_epochs(const std::filesystem::path& file);
/// Replaces the file: after a crash it is either the old one or the new one. fault{storage} otherwise.
[[nodiscard]] result<void> write_epochs(const std::filesystem::path& file, const epoch_book& book);

}  // namespace musiccorp::cluster

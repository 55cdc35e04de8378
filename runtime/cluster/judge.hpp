#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "cluster/epoch_book.hpp"
#include "cluster/hello.hpp"

/// Who may have a link with this node: rules on plain data.
namespace musiccorp::cluster {

struct protocol_range {
  std::uint32_t min = 1;
  std::uint32_t max = 1;
};

/// What this node knows when somebody says hello.
struct standpoint {
  std::string cluster;
  std::string self;
  std::string incarnation;
  std::string caf_node;
  protocol_range protocols;
  std::set<std::string> peers;                ///< by the cluster file, without this node
  std::map<std::string, std::string> owners;  ///< partition to node, by the cluster file
  epoch_book epochs;
  /// Of the process that has a living link under the name that is said now; empty when there is none.
  std::string living_incarnation;
  std::uint64_t serves_ms = 0;  ///< for how long this node has served
};

/// How a stranger has proved who it is.
struct evidence {
  bool is_encrypted = false;
  std::set<std::string> names{};  ///< in its certificate, whose chain and time are already checked
};

/// The protocol to speak, or why not to speak at all.
using judgement = std::variant<std::uint32_t, refusal>;
[[nodiscard]] judgement judge(const hello& said, const evidence& proof, const standpoint& here);

/// Writes down what an accepted hello claims; true when something is new.
bool note_claims(epoch_book& book, const hello& accepted);

/// Why this node may not start with these epochs: somebody has been seen who took over, or the epochs were not raised
/// since its last start. Nothing when it may.
[[nodiscard]] std::optional<refusal> judge_own(const hello& own, const epoch_book& book);

}  // namespace musiccorp::cluster

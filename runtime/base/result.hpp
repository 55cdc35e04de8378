#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

/// Three things go wrong, each in its own way: a business no is `rejected` (an answer, never retried), trouble is a
/// `fault` inside a `result<T>` (its kind says whether trying again may help), a bug is `ensure` (it throws).
namespace musiccorp::base {

/// Trouble, by what a caller can do about it. `facts_of` holds the one table of consequences.
enum class fault_kind : std::uint8_t {
  invalid,       ///< the input can never be accepted as it is: malformed, wrong type, out of range
  not_found,     ///< the named thing does not exist
  conflict,      ///< the state of the thing forbids it now and later
  unauthorized,  ///< no or wrong credentials
  forbidden,     ///< known caller, not allowed
  too_large,     ///< above a configured size limit
  unsupported,   ///< media type, version or feature that this program does not know
  busy,          ///< held by somebody else for a moment
  overloaded,    ///< a bounded queue is full
  unavailable,   ///< the other side is not there: not started, stopping, connection lost
  timeout,       ///< the deadline passed; the effect is unknown
  storage,       ///< the store failed: I/O error, disk full
  corrupt,       ///< stored or received bytes are not what was written
  schema,        ///< a message type or version that this program does not know
  expired,       ///< the message's own time limit passed
  crash,         ///< a rule threw; the text is the exception's
  internal       ///< a broken promise of our own
};

/// One finding about an input. `pointer` is a JSON pointer (RFC 6901), empty for the whole input.
struct problem {
  std::string pointer;
  std::string found;   ///< as JSON; empty: nothing to show
  std::string wanted;  ///< what would be accepted; empty: nobody can say
  friend bool operator==(const problem&, const problem&) = default;
};

struct fault {
  fault_kind kind = fault_kind::internal;
  std::string text;                                      ///< what was wanted and what was found, for a person
  std::vector<problem> problems;                         ///< filled for `invalid`
  std::optional<std::chrono::milliseconds> retry_after;  ///< when the other side said so
};

/// A business no. `status` is the HTTP status; 0 means 422 when `pointer` is set and 409 otherwise.
struct rejected {
  std::string text;       ///< the objection
  std::string pointer{};  ///< into what was asked
  std::string found{};    ///< empty: the cell says what stands at `pointer`
  int status = 0;
  std::string wanted{};  ///< what would be accepted at `pointer`; empty: nobody can say
};

/// The usual "there is no such thing": `rejected` with status 404.
[[nodiscard]] rejected no_such(std::string_view what, std::string_view id);
[[nodiscard]] int status_of(const rejected& no);

enum class fault_class : std::uint8_t {
  transient,  ///< trying again may help
  permanent,  ///< trying again can't help
  crash       ///< the code failed; counted as an attempt, the core is rebuilt
};
enum class severity : std::uint8_t { debug, info, warning, error };

struct fault_facts {
  fault_kind kind;
  std::string_view name;  ///< stable, lower case; used in metrics, stores and problem types
  fault_class what;
  int http_status;
  severity level;
};
/// The one table of what follows from each kind of trouble.
[[nodiscard]] const fault_facts& facts_of(fault_kind kind);
[[nodiscard]] std::string_view name_of(fault_kind kind);
/// The kind of this name; `internal` for an unknown name.
[[nodiscard]] fault_kind fault_kind_named(std::string_view name);
[[nodiscard]] std::span<const fault_facts> all_fault_facts();

template <class T>
using result = tl::expected<T, fault>;
using tl::make_unexpected;

/// `return failure(fault_kind::storage, "order.db: disk is full");`
[[nodiscard]] inline tl::unexpected<fault> failure(fault_kind kind, std::string text) {
  return tl::make_unexpected(fault{kind, std::move(text), {}, {}});
}
[[nodiscard]] inline tl::unexpected<fault> failure(fault trouble) { return tl::make_unexpected(std::move(trouble)); }

}  // namespace musiccorp::base

namespace musiccorp {
using base::failure;
using base::fault;
using base::fault_kind;
using base::no_such;
using base::problem;
using base::rejected;
using base::result;
}  // namespace musiccorp

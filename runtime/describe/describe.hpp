#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// One declaration of a struct, read by everybody who must know its fields: JSON both ways, JSON Schema, PII labels,
/// documentation, CAF inspect.
///
///     struct payment_received {
///       std::string order_id;
///       money amount;
///       std::string email;
///
///       static constexpr auto describe() {
///         return describe_as("payment.received", 1,
///           key("order_id", &payment_received::order_id),
///           field("amount", &payment_received::amount, "tax included"),
///           field("email", &payment_received::email, pii));
///       }
///     };
///
/// Members may be bool, integers, double, std::string, instant, enums with `describe_choice`, described structs,
/// std::vector, std::optional, std::map<std::string, T> and `raw_json`.
namespace musiccorp::describe {

/// Personal data: never in logs, metrics or search; redacted for subscribers that did not ask for it.
struct pii_label {};
inline constexpr pii_label pii{};

/// May be missing in the input; the member's default then stays. std::optional members are always so.
struct defaulted_label {};
inline constexpr defaulted_label defaulted{};

/// Smallest and largest value of a number, or length of a text (bytes) or a list (items).
struct bounds {
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
};
constexpr bounds at_least(std::int64_t minimum) { return {minimum, bounds{}.maximum}; }
constexpr bounds at_most(std::int64_t maximum) { return {bounds{}.minimum, maximum}; }
constexpr bounds between(std::int64_t minimum, std::int64_t maximum) { return {minimum, maximum}; }

template <class T, class M>
struct field_description {
  using member_type = M;
  std::string_view name;
  M T::*member;
  std::string_view doc{};
  bool is_key = false;
  bool is_pii = false;
  bool is_defaulted = false;
  bounds limits{};
};

namespace detail {
template <class F>
constexpr void note(F& field, std::string_view doc) {
  field.doc = doc;
}
template <class F>
constexpr void note(F& field, pii_label) {
  field.is_pii = true;
}
template <class F>
constexpr void note(F& field, defaulted_label) {
  field.is_defaulted = true;
}
template <class F>
constexpr void note(F& field, bounds limits) {
  field.limits = limits;
}
}  // namespace detail

/// `notes` in any order: a documentation text, `pii`, `defaulted`, `at_least(1)`, `between(1, 100)`.
template <class T, class M, class... Notes>
constexpr auto field(std::string_view name, M T::*member, Notes... notes) {
  field_description<T, M> made{name, member};
  (detail::note(made, notes), ...);
  return made;
}

/// The field by which messages are ordered and placed on a partition.
template <class T, class M, class... Notes>
constexpr auto key(std::string_view name, M T::*member, Notes... notes) {
  auto made = field(name, member, notes...);
  made.is_key = true;
  return made;
}

template <class... Fields>
struct description {
  std::string_view name;
  int version;
  std::tuple<Fields...> fields;
};

template <class... Fields>
constexpr auto describe_as(std::string_view name, int version, Fields... fields) {
  return description<Fields...>{name, version, std::tuple<Fields...>{fields...}};
}

template <class T>
concept described = requires {
  T::describe().fields;
};

/// An enum whose names are declared beside it: `constexpr auto describe_choice(order_status) { return
/// std::array{"pending"sv, ...}; }` in the order of its values, which start at 0 and have no gaps.
template <class T>
concept choice = std::is_enum_v<T> && requires(T value) {
  describe_choice(value);
};

template <choice T>
constexpr std::string_view name_of(T value) {
  return describe_choice(value).at(static_cast<std::size_t>(value));
}

}  // namespace musiccorp::describe

namespace musiccorp {
using describe::at_least;
using describe::at_most;
using describe::between;
using describe::defaulted;
using describe::describe_as;
using describe::field;
using describe::key;
using describe::pii;
}  // namespace musiccorp

#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "describe/json.hpp"
#include "describe/shape.hpp"

/// CAF inspect for described types, without including CAF: it only calls the inspector. A namespace with described
/// structs that shall travel as CAF messages says `using describe::inspect;` once.
///
/// On the wire (CAF 0.17's binary form): the fields in declared order; doubles as their 64 bits, because CAF 0.17
/// garbles infinity, NaN and denormals; instants as microseconds; choices as their index; lists, maps and optionals
/// as a count and their elements. An index without a name is refused with an error of code 1 in the category 0.
/// Inspectors that print get the JSON without personal data.
namespace musiccorp::describe {
namespace detail {

template <class Inspector>
class carrier {
 public:
  using outcome = typename Inspector::result_type;
  explicit carrier(Inspector& f) : f_(f) {}

  template <class M>
  requires std::is_integral_v<M> || std::is_same_v<M, std::string> outcome carry(M& member) { return f_(member); }

  outcome carry(raw_json& member) { return f_(member.text); }

  outcome carry(double& member) {
    auto bits = std::bit_cast<std::uint64_t>(member);
    auto done = f_(bits);
    member = std::bit_cast<double>(bits);
    return done;
  }

  outcome carry(base::instant& member) {
    std::int64_t microseconds = member.time_since_epoch().count();
    auto done = f_(microseconds);
    member = base::instant{base::duration{microseconds}};
    return done;
  }

  template <choice T>
  outcome carry(T& member) {
    auto index = static_cast<std::uint32_t>(member);
    if (auto trouble = f_(index)) return trouble;
    if (index >= describe_choice(member).size()) return refused();
    member = static_cast<T>(index);
    return {};
  }

  template <described T>
  outcome carry(T& member) {
    outcome trouble{};
    std::apply(
        [&](const auto&... fields) {
          static_cast<void>(((trouble = carry(member.*(fields.member)), !trouble) && ...));
        },
        T::describe().fields);
    return trouble;
  }

  template <class T>
  outcome carry(std::optional<T>& member) {
    bool is_there = member.has_value();
    if (auto trouble = f_(is_there)) return trouble;
    if (!is_there) return member.reset(), outcome{};
    return carry(member ? *member : member.emplace());
  }

  template <class T>
  outcome carry(std::vector<T>& member) {
    static_assert(!std::is_empty_v<T>, "elements without bytes would let a forged count run for ever");
    auto count = static_cast<std::uint32_t>(member.size());
    if (auto trouble = f_(count)) return trouble;
    if constexpr (!Inspector::reads_state) member.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      if constexpr (!Inspector::reads_state) member.emplace_back();  // Grows with the bytes that are really there.
      if (auto trouble = carry(member[i])) return trouble;
    }
    return {};
  }

  template <class T>
  outcome carry(std::map<std::string, T>& member) {
    auto count = static_cast<std::uint32_t>(member.size());
    if (auto trouble = f_(count)) return trouble;
    if constexpr (Inspector::reads_state) return save_entries(member);
    member.clear();
    for (; count > 0; --count) {
      std::string name;
      if (auto trouble = f_(name)) return trouble;
      if (auto trouble = carry(member[std::move(name)])) return trouble;
    }
    return {};
  }

 private:
  template <class T>
  outcome save_entries(std::map<std::string, T>& member) {
    for (auto& [name, value] : member) {
      if (auto trouble = f_(const_cast<std::string&>(name))) return trouble;
      if (auto trouble = carry(value)) return trouble;
    }
    return {};
  }

  static outcome refused() {
    using category = decltype(std::declval<const outcome&>().category());
    return {std::uint8_t{1}, category{}};
  }

  Inspector& f_;
};

}  // namespace detail

template <class Inspector, described T>
typename Inspector::result_type inspect(Inspector& f, T& value) {
  if constexpr (std::is_void_v<typename Inspector::result_type>) {
    auto printed = to_json(value, personal_data::redact);
    f(printed);
  } else {
    return detail::carrier<Inspector>{f}.carry(value);
  }
}

}  // namespace musiccorp::describe

#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "describe/describe.hpp"

namespace musiccorp::describe {

/// JSON text kept as it is (already checked to be JSON when it came from a reader); `null` when empty.
struct raw_json {
  std::string text;
  friend bool operator==(const raw_json&, const raw_json&) = default;
};

enum class form : std::uint8_t { boolean, integer, number, text, instant, choice, object, list, map, optional, raw };

struct shape;

struct field_shape {
  std::string_view name;
  std::string_view doc;
  bool is_key;
  bool is_pii;
  bool may_be_missing;
  bounds limits;
  const shape& (*of)();
  void* (*at)(void* object);  ///< address of this member; also for reading, through a cast that drops const
};

/// A described type at run time: what it is and how to read and write a value of it by address. The functions that
/// belong to the form are set, the others are null. Shapes live for ever and are immutable: any thread.
struct shape {
  form what;
  std::string_view name{};  ///< objects: the message or struct name
  int version = 0;
  std::span<const field_shape> fields{};        ///< object
  std::span<const std::string_view> choices{};  ///< choice
  const shape& (*element)() = nullptr;          ///< list, map, optional
  bounds range{};                               ///< integer: of the C++ type

  bool (*get_boolean)(const void*) = nullptr;
  void (*set_boolean)(void*, bool) = nullptr;
  std::int64_t (*get_integer)(const void*) = nullptr;  ///< integer; choice: its index; instant: microseconds
  void (*set_integer)(void*, std::int64_t) = nullptr;
  double (*get_number)(const void*) = nullptr;
  void (*set_number)(void*, double) = nullptr;
  std::string_view (*get_text)(const void*) = nullptr;  ///< text and raw
  void (*set_text)(void*, std::string) = nullptr;

  std::size_t (*size)(const void*) = nullptr;               ///< list, map
  void (*clear)(void*) = nullptr;                           ///< list, map
  const void* (*item)(const void*, std::size_t) = nullptr;  ///< list
  void* (*append)(void*) = nullptr;                         ///< list: a new default item at the end
  const void* (*peek)(const void*) = nullptr;               ///< optional: null when empty
  void* (*engage)(void*) = nullptr;                         ///< optional: a new default value
  void* (*insert)(void*, std::string key) = nullptr;        ///< map
  void (*each)(const void*, void* context,
               void (*visit)(void* context, std::string_view key, const void* value)) = nullptr;
};

template <class T>
const shape& shape_of();

namespace detail {

template <class T>
struct shape_maker;

template <>
struct shape_maker<bool> {
  static shape make() {
    return {.what = form::boolean,
            .get_boolean = [](const void* p) { return *static_cast<const bool*>(p); },
            .set_boolean = [](void* p, bool value) { *static_cast<bool*>(p) = value; }};
  }
};

template <std::integral T>
struct shape_maker<T> {
  static shape make() {
    constexpr auto most = std::in_range<std::int64_t>(std::numeric_limits<T>::max())
                              ? static_cast<std::int64_t>(std::numeric_limits<T>::max())
                              : std::numeric_limits<std::int64_t>::max();
    return {.what = form::integer,
            .range = {static_cast<std::int64_t>(std::numeric_limits<T>::min()), most},
            .get_integer = [](const void* p) { return static_cast<std::int64_t>(*static_cast<const T*>(p)); },
            .set_integer = [](void* p, std::int64_t value) { *static_cast<T*>(p) = static_cast<T>(value); }};
  }
};

template <>
struct shape_maker<double> {
  static shape make() {
    return {.what = form::number,
            .get_number = [](const void* p) { return *static_cast<const double*>(p); },
            .set_number = [](void* p, double value) { *static_cast<double*>(p) = value; }};
  }
};

template <>
struct shape_maker<std::string> {
  static shape make() {
    return {.what = form::text,
            .get_text = [](const void* p) { return std::string_view{*static_cast<const std::string*>(p)}; },
            .set_text = [](void* p, std::string value) { *static_cast<std::string*>(p) = std::move(value); }};
  }
};

template <>
struct shape_maker<raw_json> {
  static shape make() {
    return {.what = form::raw,
            .get_text = [](const void* p) { return std::string_view{static_cast<const raw_json*>(p)->text}; },
            .set_text = [](void* p, std::string value) { static_cast<raw_json*>(p)->text = std::move(value); }};
  }
};

template <>
struct shape_maker<base::instant> {
  static shape make() {
    return {.what = form::instant,
            .get_integer =
                [](const void* p) {
                  return static_cast<std::int64_t>(static_cast<const base::instant*>(p)->time_since_epoch().count());
                },
            .set_integer =
                [](void* p, std::int64_t value) {
                  *static_cast<base::instant*>(p) = base::instant{base::duration{value}};
                }};
  }
};

template <choice T>
struct shape_maker<T> {
  static shape make() {
    static constexpr auto names = describe_choice(T{});
    return {.what = form::choice,
            .choices = names,
            .get_integer = [](const void* p) { return static_cast<std::int64_t>(*static_cast<const T*>(p)); },
            .set_integer = [](void* p, std::int64_t value) { *static_cast<T*>(p) = static_cast<T>(value); }};
  }
};

template <class T>
struct shape_maker<std::vector<T>> {
  static shape make() {
    return {.what = form::list,
            .element = &shape_of<T>,
            .size = [](const void* p) { return static_cast<const std::vector<T>*>(p)->size(); },
            .clear = [](void* p) { static_cast<std::vector<T>*>(p)->clear(); },
            .item = [](const void* p, std::size_t i) -> const void* {
              return &(*static_cast<const std::vector<T>*>(p))[i];
            },
            .append = [](void* p) -> void* { return &static_cast<std::vector<T>*>(p)->emplace_back(); }};
  }
};

template <class T>
struct shape_maker<std::optional<T>> {
  static shape make() {
    return {.what = form::optional,
            .element = &shape_of<T>,
            .peek = [](const void* p) -> const void* {
              const auto& value = *static_cast<const std::optional<T>*>(p);
              return value ? &*value : nullptr;
            },
            .engage = [](void* p) -> void* { return &static_cast<std::optional<T>*>(p)->emplace(); }};
  }
};

template <class T>
struct shape_maker<std::map<std::string, T>> {
  using map = std::map<std::string, T>;
  static shape make() {
    return {.what = form::map,
            .element = &shape_of<T>,
            .size = [](const void* p) { return static_cast<const map*>(p)->size(); },
            .clear = [](void* p) { static_cast<map*>(p)->clear(); },
            .insert = [](void* p, std::string name) -> void* { return &(*static_cast<map*>(p))[std::move(name)]; },
            .each =
                [](const void* p, void* context, void (*visit)(void*, std::string_view, const void*)) {
                  for (const auto& [name, value] : *static_cast<const map*>(p)) visit(context, name, &value);
                }};
  }
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Personal data can be left out, or be replaced by something that still reads back.
template <class M>
inline constexpr bool can_be_redacted =
    std::is_same_v<M, std::string> || std::is_same_v<M, raw_json> || is_optional<M>;
template <class T>
inline constexpr bool can_be_redacted<std::vector<T>> = true;
template <class T>
inline constexpr bool can_be_redacted<std::map<std::string, T>> = true;
template <described T>
inline constexpr bool can_be_redacted<T> = std::apply(
    [](const auto&... fields) {
      return ((fields.is_defaulted || can_be_redacted<typename std::decay_t<decltype(fields)>::member_type>)&&...);
    },
    T::describe().fields);

template <described T>
struct shape_maker<T> {
  static constexpr std::size_t count = std::tuple_size_v<decltype(T::describe().fields)>;

  template <std::size_t I>
  static field_shape make_field() {
    constexpr auto declared = std::get<I>(T::describe().fields);
    using member = typename decltype(declared)::member_type;
    static_assert(!declared.is_pii || declared.is_defaulted || can_be_redacted<member>,
                  "personal data that is not a text must be optional or defaulted, so that it can be left out");
    return {declared.name,
            declared.doc,
            declared.is_key,
            declared.is_pii,
            declared.is_defaulted || is_optional<member>,
            declared.limits,
            &shape_of<member>,
            [](void* object) -> void* {
              constexpr auto place = std::get<I>(T::describe().fields).member;
              return &(static_cast<T*>(object)->*place);
            }};
  }

  static shape make() {
    static const auto fields = []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<field_shape, count>{make_field<I>()...};
    }
    (std::make_index_sequence<count>{});
    constexpr auto declared = T::describe();
    return {.what = form::object, .name = declared.name, .version = declared.version, .fields = fields};
  }
};

}  // namespace detail

/// The one shape of T.
template <class T>
const shape& shape_of() {
  static const shape made = detail::shape_maker<T>::make();
  return made;
}

/// Address of a field of an object that is only read.
inline const void* at(const field_shape& field, const void* object) { return field.at(const_cast<void*>(object)); }

/// The text of the key field of a described value; empty when it has none.
[[nodiscard]] std::string key_of(const shape& type, const void* value);

template <described T>
[[nodiscard]] std::string key_of(const T& value) {
  return key_of(shape_of<T>(), &value);
}

/// The declared name, for example "payment.received".
template <described T>
constexpr std::string_view name_of() {
  return T::describe().name;
}
template <described T>
constexpr int version_of() {
  return T::describe().version;
}

}  // namespace musiccorp::describe

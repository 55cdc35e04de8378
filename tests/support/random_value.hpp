#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "describe/shape.hpp"

/// Values of any described type for property tests: the same seed gives the same value; declared limits are kept.
/// Texts mix plain words with quotes, control characters and several alphabets; numbers like their extremes.
namespace musiccorp::support {

using describe::bounds;
using describe::form;
using describe::shape;

class value_maker {
 public:
  explicit value_maker(std::uint64_t seed) : random_(seed) {}

  template <describe::described T>
  [[nodiscard]] T make() {
    T value{};
    fill(describe::shape_of<T>(), &value, {});
    return value;
  }

  /// `value` is default-constructed.
  void fill(const shape& type, void* value, const bounds& limits, int depth = 0) {
    switch (type.what) {
      case form::boolean:
        type.set_boolean(value, chance(2));
        break;
      case form::integer:
        type.set_integer(value, integer(narrower(limits, type.range)));
        break;
      case form::number:
        type.set_number(value, number(limits));
        break;
      case form::text:
        type.set_text(value, text(limits));
        break;
      case form::instant:
        type.set_integer(value, integer({-62'135'596'800'000'000, 253'402'300'799'999'999}));
        break;
      case form::choice:
        type.set_integer(value, static_cast<std::int64_t>(random_.below(type.choices.size())));
        break;
      case form::object:
        for (const auto& field : type.fields) fill(field.of(), field.at(value), field.limits, depth + 1);
        break;
      case form::list:
        for (auto left = count(limits, depth); left > 0; --left)
          fill(type.element(), type.append(value), {}, depth + 1);
        break;
      case form::map:
        for (auto left = count(limits, depth); left > 0; --left)
          fill(type.element(), type.insert(value, text({1, 12}) + std::to_string(left)), {}, depth + 1);
        break;
      case form::optional:
        if (depth < depth_max && chance(2)) fill_optional(type.element(), type.engage(value), limits, depth);
        break;
      case form::raw:
        type.set_text(value, std::string{raw_texts[random_.below(raw_texts.size())]});
        break;
    }
  }

 private:
  static constexpr int depth_max = 6;
  static constexpr std::array<std::string_view, 8> raw_texts{"",
                                                             "true",
                                                             "-12",
                                                             "1.5e300",
                                                             R"("a\"b")",
                                                             "[]",
                                                             R"({"a":[1,{}],"b":null})",
                                                             R"([[["x"],{"y":-0.5}],18446744073709551615])"};
  static constexpr std::array<std::string_view, 14> pieces{
      "a", "order", "\"", "\\", "/", "~", "\n", std::string_view{"\0", 1}, "\x1f", "é", "日本", "🎵", " ", "\x7f"};

  /// Raw JSON without text is written as null and would be read as nothing.
  void fill_optional(const shape& type, void* value, const bounds& limits, int depth) {
    fill(type, value, limits, depth);
    if (type.what == form::raw && type.get_text(value).empty()) type.set_text(value, "{}");
  }

  static bounds narrower(const bounds& a, const bounds& b) {
    return {std::max(a.minimum, b.minimum), std::min(a.maximum, b.maximum)};
  }

  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

  std::int64_t integer(const bounds& limits) {
    switch (random_.below(4)) {
      case 0:
        return limits.minimum;
      case 1:
        return limits.maximum;
      case 2:
        return std::clamp<std::int64_t>(static_cast<std::int64_t>(random_.below(200)) - 100, limits.minimum,
                                        limits.maximum);
      default:
        break;
    }
    const auto span = static_cast<std::uint64_t>(limits.maximum) - static_cast<std::uint64_t>(limits.minimum);
    const auto step = span == ~std::uint64_t{0} ? random_.next() : random_.below(span + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(limits.minimum) + step);
  }

  double number(const bounds& limits) {
    const bool is_limited = limits.minimum != bounds{}.minimum || limits.maximum != bounds{}.maximum;
    if (is_limited) return static_cast<double>(integer(narrower(limits, {-1'000'000, 1'000'000})));
    if (chance(4)) return std::array{0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e22}[random_.below(6)];
    const auto any = std::bit_cast<double>(random_.next());
    return std::isfinite(any) ? any : random_.unit();
  }

  std::string text(const bounds& limits) {
    const auto least = static_cast<std::size_t>(std::max<std::int64_t>(limits.minimum, 0));
    const auto most =
        static_cast<std::size_t>(std::clamp<std::int64_t>(limits.maximum, 0, static_cast<std::int64_t>(least) + 40));
    const auto length = least + random_.below(most - least + 1);
    std::string made;
    while (made.size() < length) {
      const auto piece = pieces[random_.below(pieces.size())];
      made += made.size() + piece.size() <= length ? piece : std::string_view{"x"};
    }
    return made;
  }

  std::uint64_t count(const bounds& limits, int depth) {
    const auto least = static_cast<std::uint64_t>(std::max<std::int64_t>(limits.minimum, 0));
    if (depth >= depth_max) return least;
    const auto most =
        static_cast<std::uint64_t>(std::clamp<std::int64_t>(limits.maximum, 0, static_cast<std::int64_t>(least) + 3));
    return least + random_.below(most - least + 1);
  }

  base::random_source random_;
};

}  // namespace musiccorp::support

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "describe/inspect.hpp"

/// Described structs with every kind of member.
namespace samples {

using namespace musiccorp;
using describe::inspect;
using describe::raw_json;

enum class colour : std::uint8_t { red, green, blue };
constexpr auto describe_choice(colour) { return std::array<std::string_view, 3>{"red", "green", "blue"}; }

struct line {
  std::string item;
  std::int32_t quantity = 0;
  friend bool operator==(const line&, const line&) = default;
  static constexpr auto describe() {
    return describe_as("line", 1, field("item", &line::item, between(1, 20)),
                       field("quantity", &line::quantity, "how many", between(1, 99)));
  }
};

struct order {
  std::string order_id;
  std::vector<line> lines;
  std::optional<std::string> coupon;
  colour wrapping = colour::green;
  friend bool operator==(const order&, const order&) = default;
  static constexpr auto describe() {
    return describe_as("order.placed", 2, key("order_id", &order::order_id, at_least(1)),
                       field("lines", &order::lines, between(1, 5)), field("coupon", &order::coupon),
                       field("wrapping", &order::wrapping, defaulted));
  }
};

struct address {
  std::string street;
  std::optional<std::int32_t> floor;
  friend bool operator==(const address&, const address&) = default;
  static constexpr auto describe() {
    return describe_as("address", 1, field("street", &address::street), field("floor", &address::floor));
  }
};

struct customer {
  std::string id{};
  std::string email{};
  std::string password{};
  std::string country{};
  std::optional<std::int32_t> born{};
  std::vector<std::string> phones{};
  std::map<std::string, std::string> notes{};
  address home{};
  raw_json extra{};
  friend bool operator==(const customer&, const customer&) = default;
  static constexpr auto describe() {
    return describe_as("customer", 1, key("id", &customer::id), field("email", &customer::email, pii),
                       field("password", &customer::password, pii, at_least(8)),
                       field("country", &customer::country, pii, between(2, 2)),
                       field("born", &customer::born, pii, at_least(1900)), field("phones", &customer::phones, pii),
                       field("notes", &customer::notes, pii), field("home", &customer::home, pii),
                       field("extra", &customer::extra, pii));
  }
};

/// Contains itself.
struct tree {
  std::string name;
  std::vector<tree> branches;
  friend bool operator==(const tree&, const tree&) = default;
  static constexpr auto describe() {
    return describe_as("tree", 1, field("name", &tree::name), field("branches", &tree::branches, defaulted));
  }
};

struct everything {
  bool flag = false;
  std::int8_t tiny = 0;
  std::uint8_t small = 0;
  std::int64_t large = 0;
  std::uint64_t wide = 0;
  double number = 0;
  double limited = 0;
  std::string text;
  instant when{};
  colour choice = colour::red;
  order nested;
  std::vector<std::int32_t> integers{7};
  std::vector<std::vector<double>> matrix;
  std::vector<std::optional<std::string>> holes;
  std::optional<instant> maybe_when;
  std::optional<order> maybe_nested;
  std::optional<std::vector<colour>> maybe_list;
  std::map<std::string, std::int64_t> counts;
  std::map<std::string, line> lines_by_name;
  raw_json raw;
  std::vector<raw_json> raws;
  tree forest;
  friend bool operator==(const everything&, const everything&) = default;
  static constexpr auto describe() {
    return describe_as("everything", 3, field("flag", &everything::flag), field("tiny", &everything::tiny),
                       field("small", &everything::small), field("large", &everything::large),
                       field("wide", &everything::wide), field("number", &everything::number),
                       field("limited", &everything::limited, between(-5, 5)), field("text", &everything::text),
                       field("when", &everything::when), field("choice", &everything::choice),
                       field("nested", &everything::nested), field("integers", &everything::integers, defaulted),
                       field("matrix", &everything::matrix), field("holes", &everything::holes),
                       field("maybe_when", &everything::maybe_when), field("maybe_nested", &everything::maybe_nested),
                       field("maybe_list", &everything::maybe_list), field("counts", &everything::counts),
                       field("lines_by_name", &everything::lines_by_name), field("raw", &everything::raw),
                       field("raws", &everything::raws), field("forest", &everything::forest));
  }
};

}  // namespace samples

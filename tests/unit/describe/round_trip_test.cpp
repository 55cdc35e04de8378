#include <gtest/gtest.h>

#include <bit>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/deep_to_string.hpp>
#include <limits>

#include "samples.hpp"
#include "support/random_value.hpp"

namespace {

using namespace samples;
using musiccorp::describe::from_json;
using musiccorp::describe::to_json;
using musiccorp::support::value_maker;

constexpr std::uint64_t seed_first = 20'260'131;
constexpr std::uint64_t rounds = 3000;

template <class T>
std::vector<char> to_caf(T& value) {
  std::vector<char> bytes;
  caf::binary_serializer sink{static_cast<caf::execution_unit*>(nullptr), bytes};
  EXPECT_FALSE(sink(value));
  return bytes;
}

template <class T>
caf::error from_caf(const std::vector<char>& bytes, T& value) {
  caf::binary_deserializer source{static_cast<caf::execution_unit*>(nullptr), bytes};
  return source(value);
}

/// As an actor message: an enum that nobody checks.
struct bare_choice {
  std::uint32_t index;
  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, bare_choice& x) {
    return f(x.index);
  }
};

struct only_choice {
  colour choice = colour::red;
  static constexpr auto describe() { return describe_as("only_choice", 1, field("choice", &only_choice::choice)); }
};

struct only_number {
  double number = 0;
  static constexpr auto describe() { return describe_as("only_number", 1, field("number", &only_number::number)); }
};
using musiccorp::describe::inspect;

TEST(RoundTrip, JsonBringsBackEveryValue) {
  for (auto seed = seed_first; seed < seed_first + rounds; ++seed) {
    const auto value = value_maker{seed}.make<everything>();
    const auto text = to_json(value);
    const auto read = from_json<everything>(text);
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().text << "\n" << text;
    ASSERT_EQ(*read, value) << "seed " << seed << "\n" << text << "\n" << to_json(*read);
  }
}

TEST(RoundTrip, CafBringsBackEveryValue) {
  for (auto seed = seed_first; seed < seed_first + rounds; ++seed) {
    auto value = value_maker{seed}.make<everything>();
    everything read;
    read.counts["left over from before"] = 1;
    ASSERT_FALSE(from_caf(to_caf(value), read)) << "seed " << seed;
    ASSERT_EQ(read, value) << "seed " << seed;
  }
}

TEST(RoundTrip, RedactedJsonCanStillBeRead) {
  for (auto seed = seed_first; seed < seed_first + rounds; ++seed) {
    const auto text = to_json(value_maker{seed}.make<customer>(), describe::personal_data::redact);
    const auto read = from_json<customer>(text);
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().text << "\n" << text;
  }
}

TEST(RoundTrip, CafKeepsTheBitsOfEveryDouble) {
  for (const double number : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN(), 5e-324, -0.0}) {
    only_number value{number};
    only_number read;
    ASSERT_FALSE(from_caf(to_caf(value), read));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read.number), std::bit_cast<std::uint64_t>(number));
  }
}

TEST(RoundTrip, CafRefusesAChoiceWithoutAName) {
  for (const std::uint32_t index : {3U, 256U, 0xFFFFFFFFU}) {
    bare_choice forged{index};
    only_choice read;
    EXPECT_TRUE(from_caf(to_caf(forged), read)) << index;
    EXPECT_EQ(read.choice, colour::red);
  }
}

TEST(RoundTrip, CafRefusesEveryTruncation) {
  auto value = value_maker{seed_first}.make<everything>();
  const auto bytes = to_caf(value);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    everything read;
    EXPECT_TRUE(from_caf({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)}, read)) << length;
  }
}

TEST(RoundTrip, AForgedCountEndsWithTheBytes) {
  bare_choice forged{0xFFFFFFFFU};
  struct only_list {
    std::vector<std::int64_t> list;
    static constexpr auto describe() { return describe_as("only_list", 1, field("list", &only_list::list)); }
  } read;
  const auto bytes = to_caf(forged);
  caf::binary_deserializer source{static_cast<caf::execution_unit*>(nullptr), bytes};
  EXPECT_TRUE(musiccorp::describe::inspect(source, read));
  EXPECT_LE(read.list.size(), 1U);
}

TEST(RoundTrip, PrintingACafMessageHidesPersonalData) {
  customer known{.id = "c-1",
                 .email = "someone@example.org",
                 .password = "open sesame",
                 .country = "PT",
                 .home = {"Rua Nova 1", 2}};
  const auto printed = caf::deep_to_string(known);
  EXPECT_NE(printed.find("c-1"), std::string::npos) << printed;
  for (const auto* secret : {"someone", "sesame", "PT", "Rua"})
    EXPECT_EQ(printed.find(secret), std::string::npos) << printed;
}

}  // namespace

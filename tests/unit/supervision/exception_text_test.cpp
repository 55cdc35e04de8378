#include "supervision/exception_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <new>
#include <sstream>
#include <stdexcept>

#include "supervision/throw_trace.hpp"

namespace musiccorp::supervision {
namespace {

struct silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
struct strange {};
[[gnu::noinline]] const char* nothing_to_say() { throw std::runtime_error{"not even this"}; }
struct thrower : std::exception {
  const char* what() const noexcept override { return nothing_to_say(); }
};

template <class T>
std::string text_of_a(T thrown) {
  return text_of(std::make_exception_ptr(thrown));
}

TEST(ExceptionText, SurvivesWhateverIsThrown) {
  EXPECT_EQ(text_of_a(std::runtime_error{"boom"}), "boom");
  EXPECT_EQ(text_of_a(std::bad_alloc{}), "out of memory");
  EXPECT_THAT(text_of_a(silent{}), ::testing::HasSubstr("silent"));
  EXPECT_THAT(text_of_a(strange{}), ::testing::HasSubstr("strange"));
  EXPECT_EQ(text_of_a(42), "an exception of type int");
  EXPECT_EQ(text_of_a(std::string{"a text"}), "a text");
  EXPECT_EQ(text_of_a(static_cast<const char*>("a text")), "a text");
  EXPECT_EQ(text_of_a(static_cast<const char*>(nullptr)), "a null text");
  EXPECT_EQ(text_of(nullptr), "no exception");
}

/// The language ends the process there; its supervisor acts (process_supervisor_test.cpp).
TEST(ExceptionText, OfAWhatThatThrowsEndsTheProcess) { EXPECT_DEATH(text_of_a(thrower{}), ""); }

TEST(ExceptionText, IsCutWhenItIsTooLong) {
  EXPECT_EQ(text_of_a(std::string(text_bytes_max, 'x')), std::string(text_bytes_max, 'x'));
  EXPECT_EQ(text_of_a(std::string(text_bytes_max + 904, 'x')),
            std::string(text_bytes_max, 'x') + "... (904 bytes more)");
  std::string umlauts;
  while (umlauts.size() <= text_bytes_max) umlauts += "\xC3\xA4";
  EXPECT_EQ(text_of_a("x" + umlauts), "x" + umlauts.substr(0, text_bytes_max - 2) + "... (4 bytes more)");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream from{text};
  for (std::string line; std::getline(from, line);) lines.push_back(line);
  return lines;
}

[[gnu::noinline]] void throw_here(int depth) {
  if (depth == 0) throw std::runtime_error{"boom"};
  throw_here(depth - 1);
  asm volatile("");  // Keeps the call from being the last thing, and so from being turned into a jump.
}

TEST(ThrowTrace, KnowsTheCallersOfTheLastThrow) {
  std::size_t shallow = 0, deep = 0;
  try {
    throw_here(1);
  } catch (const std::exception&) {
    shallow = last_throw().depth;
  }
  try {
    throw_here(6);
  } catch (const std::exception&) {
    deep = last_throw().depth;
  }
  EXPECT_GE(shallow, 3U);
  EXPECT_TRUE(deep >= shallow + 3 || deep == stack_trace::depth_max) << deep << " " << shallow;
  EXPECT_THAT(to_text(last_throw()), ::testing::HasSubstr("+0x"));
}

[[gnu::noinline]] std::pair<std::size_t, std::size_t> caught_from(int depth) {
  const void* const caller = __builtin_return_address(0);
  try {
    throw_here(depth);
  } catch (const std::exception&) {
  }
  return {inside(last_throw(), caller).depth, last_throw().depth};
}

TEST(ThrowTrace, CanLeaveOutWhoCalledTheHandler) {
  const auto [inner, whole] = caught_from(2);
  EXPECT_EQ(inner, 4U) << "three of the thrower, one of the handler";
  EXPECT_GT(whole, inner);
  EXPECT_EQ(inside(last_throw(), nullptr).depth, whole) << "unknown: the whole";
}

struct very_long_name_of_a_type_that_nobody_wants_to_read_in_a_trace_again_and_again {};
template <class... T>
[[gnu::noinline]] void throw_in_template(const T&...) {
  throw std::runtime_error{"boom"};
}

TEST(ThrowTrace, NamesAreShort) {
  using long_type = very_long_name_of_a_type_that_nobody_wants_to_read_in_a_trace_again_and_again;
  try {
    throw_in_template(std::vector<long_type>{}, std::map<long_type*, long_type>{});
  } catch (const std::exception&) {
  }
  for (const auto& line : lines_of(to_text(last_throw()))) EXPECT_LE(line.size(), 300U) << line;
}

TEST(ThrowTrace, SurvivesThrowsOfLibrariesAndOfOtherThreads) {
  try {
    (void)std::string{}.at(5);
  } catch (const std::exception&) {
    EXPECT_GE(last_throw().depth, 1U);
  }
  EXPECT_LE(last_throw().depth, stack_trace::depth_max);
}

}  // namespace
}  // namespace musiccorp::supervision

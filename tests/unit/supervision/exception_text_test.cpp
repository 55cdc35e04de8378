#include "supervision/exception_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "supervision/throw_trace.hpp"

namespace musiccorp::supervision {
namespace {

struct silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
struct strange {};

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

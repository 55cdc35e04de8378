#include "describe/suggest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace {

using musiccorp::describe::closest;

constexpr std::array<std::string_view, 4> names{"quantity", "item", "attempts_max", "id"};

TEST(Suggest, FindsTheNameBehindATypo) {
  EXPECT_EQ(closest("quantty", names), "quantity");
  EXPECT_EQ(closest("itme", names), "item");
  EXPECT_EQ(closest("atempts_maxx", names), "attempts_max");
  EXPECT_EQ(closest("Id", names), "id");
}

TEST(Suggest, IsSilentWhenNothingIsClose) {
  EXPECT_EQ(closest("colour", names), "");
  EXPECT_EQ(closest("", names), "");
  EXPECT_EQ(closest(std::string(100'000, 'q'), names), "");
  EXPECT_EQ(closest("item", {}), "");
}

}  // namespace

#include "delivery/symbolise.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace musiccorp::delivery {
namespace {

TEST(Symbolise, NamesWhatItCannotResolve) {
  const std::vector<stack_frame> frames{{0x1234, {}, {}, 0}, {0x5678, "/opt/shop/other", "00ff", 0x78}};
  EXPECT_EQ(symbolise(frames), "#0 0x1234\n#1 other + 0x78\n");
}

TEST(Symbolise, DoesNotTakeNamesFromAnotherBuild) {
  // The same file name, but not the same code: a name would be wrong.
  const auto text = symbolise(std::vector<stack_frame>{{0x5678, "/lib/x86_64-linux-gnu/libc.so.6", "00ff", 0x38506}});
  EXPECT_EQ(text, "#0 libc.so.6 + 0x38506\n");
}

TEST(Symbolise, SurvivesAnything) {
  const std::vector<stack_frame> frames{{0, {}, {}, 0}, {~0ULL, "x", {}, ~0ULL}, {1, "/", "/", 0}};
  EXPECT_EQ(symbolise(frames), "#0 0x0\n#1 x + 0xffffffffffffffff\n#2  + 0x0\n");
  EXPECT_EQ(symbolise({}), "");
}

}  // namespace
}  // namespace musiccorp::delivery

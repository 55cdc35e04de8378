#include "base/result.hpp"

#include "base/ensure.hpp"

#include <gtest/gtest.h>

namespace musiccorp::base {
namespace {

TEST(Fault, EveryKindHasItsOwnRowInTheTable) {
  for (const auto& row : all_fault_facts()) {
    EXPECT_EQ(&facts_of(row.kind), &row) << row.name;
    EXPECT_EQ(fault_kind_named(row.name), row.kind);
  }
  EXPECT_EQ(fault_kind_named("no such name"), fault_kind::internal);
}

TEST(Rejected, ChoosesItsStatusFromThePointer) {
  EXPECT_EQ(status_of(rejected{"order already cancelled"}), 409);
  EXPECT_EQ(status_of(rejected{"unknown", "/lines/0/sku", "x"}), 422);
  EXPECT_EQ(status_of(no_such("order", "7")), 404);
}

TEST(Ensure, ThrowsWithThePromiseAndThePlace) {
  EXPECT_NO_THROW(ensure(true, "fine"));
  try {
    ensure(false, "finish() needs an open message");
    FAIL();
  } catch (const broken_promise& bug) {
    EXPECT_NE(std::string_view{bug.what()}.find("finish() needs an open message"), std::string_view::npos);
    EXPECT_NE(std::string_view{bug.what()}.find("result_test.cpp"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace musiccorp::base

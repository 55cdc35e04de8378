#include "http/problem.hpp"

#include <gtest/gtest.h>

namespace musiccorp::http {
namespace {

std::string header_of(const reply& answer, std::string_view wanted) {
  for (const auto& [name, value] : answer.headers)
    if (name == wanted) return value;
  return "none";
}

TEST(Problem, TellsAFaultWithItsFindings) {
  const fault trouble{
      fault_kind::invalid, "the order is malformed", {{"/lines/0/quantity", "\"two\"", "an integer"}}, {}};
  const auto answer = problem_reply(trouble, "4bf92f");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_EQ(
      text_of(answer.body),
      R"({"type":"urn:musiccorp:problem:invalid","title":"Bad Request","status":400,)"
      R"("detail":"the order is malformed",)"
      R"("errors":[{"pointer":"/lines/0/quantity","found":"\"two\"","wanted":"an integer"}],"trace_id":"4bf92f"})");
}

TEST(Problem, HasTheStatusAndNameOfEveryFaultKind) {
  for (const auto& facts : base::all_fault_facts()) {
    const auto answer = problem_reply(fault{facts.kind, "x", {}, {}});
    EXPECT_EQ(answer.status, facts.http_status);
    EXPECT_NE(text_of(answer.body).find("urn:musiccorp:problem:" + std::string{facts.name} + "\""),
              std::string::npos);
  }
}

TEST(Problem, TellsABusinessNo) {
  const auto missing = problem_reply(no_such("order", "7"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(text_of(missing.body).find("problem:not_found"), std::string::npos);

  const auto refused = problem_reply(rejected{"unknown sku", "/lines/0/sku", "\"XX\"", 0, "a known one"});
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(text_of(refused.body).find("problem:rejected"), std::string::npos);
  EXPECT_NE(
      text_of(refused.body).find(R"("errors":[{"pointer":"/lines/0/sku","found":"\"XX\"","wanted":"a known one"}])"),
      std::string::npos);
}

TEST(Problem, SaysOfAPlaceOnlyWhatIsKnown) {
  const auto body_of = [](const rejected& no) { return std::string{text_of(problem_reply(no).body)}; };
  EXPECT_TRUE(body_of({"too much", "/lines"}).ends_with(R"("detail":"too much","errors":[{"pointer":"/lines"}]})"));
  EXPECT_TRUE(body_of({"too late"}).ends_with(R"("detail":"too late"})"));
}

TEST(Problem, SaysWhenToComeBack) {
  using std::chrono::milliseconds;
  EXPECT_EQ(header_of(problem_reply(fault{fault_kind::overloaded, "full", {}, {}}), "retry-after"), "1");
  EXPECT_EQ(header_of(problem_reply(fault{fault_kind::busy, "", {}, milliseconds{2001}}), "retry-after"), "3");
  EXPECT_EQ(header_of(problem_reply(fault{fault_kind::busy, "", {}, milliseconds{0}}), "retry-after"), "1");
  EXPECT_EQ(header_of(problem_reply(429, "slow down"), "retry-after"), "1");
  EXPECT_EQ(header_of(problem_reply(404, "no"), "retry-after"), "none");
}

TEST(Problem, ReplacesBytesThatAreNotUtf8) {
  const auto answer = problem_reply(400, "found \xFF\xFE here");
  EXPECT_NE(text_of(answer.body).find("\xEF\xBF\xBD"), std::string::npos);
  EXPECT_EQ(text_of(answer.body).find('\xFF'), std::string::npos);
}

}  // namespace
}  // namespace musiccorp::http

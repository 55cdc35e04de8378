#include "http/router.hpp"

#include <gtest/gtest.h>

namespace musiccorp::http {
namespace {

using enum route_match::outcome;

enum : std::size_t { list, place, show, special, cancel, console_index, console_rest, root };

router shop() {
  router routes;
  for (const auto& [method, pattern] :
       std::vector<std::pair<const char*, const char*>>{{"GET", "/orders"},
                                                        {"POST", "/orders"},
                                                        {"GET", "/orders/{id}"},
                                                        {"GET", "/orders/special"},
                                                        {"POST", "/orders/{id}/cancel"},
                                                        {"GET", "/console/"},
                                                        {"GET", "/console/{path*}"},
                                                        {"GET", "/"}})
    EXPECT_TRUE(routes.add(method, pattern)) << pattern;
  return routes;
}

std::string parameter(const route_match& match, std::size_t index) {
  return index < match.parameters.size() ? match.parameters[index].value : "(none)";
}

TEST(Router, FindsTheRouteAndItsParameters) {
  const auto match = shop().match("POST", "/orders/o-7/cancel");
  EXPECT_EQ(match.what, found);
  EXPECT_EQ(match.route, cancel);
  EXPECT_EQ(match.parameters, (std::vector<named_value>{{"id", "o-7"}}));
  EXPECT_EQ(shop().match("GET", "/").route, root);
}

TEST(Router, PrefersFixedSegmentsToParameters) {
  EXPECT_EQ(shop().match("GET", "/orders/special").route, special);
  EXPECT_EQ(shop().match("GET", "/orders/specials").route, show);
  const auto deeper = shop().match("POST", "/orders/special/cancel");  // No fixed path leads there.
  EXPECT_EQ(deeper.route, cancel);
  EXPECT_EQ(parameter(deeper, 0), "special");
}

TEST(Router, TakesTheNextBestPathThatHasTheMethod) {
  auto routes = shop();
  const auto removal = routes.add("DELETE", "/orders/{id}");
  EXPECT_EQ(routes.match("DELETE", "/orders/special").route, *removal);
  EXPECT_EQ(routes.match("PUT", "/orders/special").allow, "DELETE, GET, HEAD, OPTIONS");
}

TEST(Router, Knows404From405) {
  EXPECT_EQ(shop().match("GET", "/nothing").what, no_path);
  EXPECT_EQ(shop().match("GET", "/orders/7/refund").what, no_path);
  EXPECT_EQ(shop().match("GET", "/orders//cancel").what, no_path);  // A parameter is never empty.
  const auto wrong = shop().match("DELETE", "/orders");
  EXPECT_EQ(wrong.what, no_method);
  EXPECT_EQ(wrong.allow, "GET, HEAD, OPTIONS, POST");
}

TEST(Router, ServesHeadByGetAndAnswersOptions) {
  EXPECT_EQ(shop().match("HEAD", "/orders").route, list);
  EXPECT_EQ(shop().match("HEAD", "/orders/7/cancel").what, no_method);
  EXPECT_EQ(shop().match("OPTIONS", "/orders/7").what, options);
  EXPECT_EQ(shop().match("OPTIONS", "/orders/7").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(shop().match("OPTIONS", "/nothing").what, no_path);
  EXPECT_EQ(shop().match("OPTIONS", "*").allow, "GET, HEAD, OPTIONS, POST");
}

TEST(Router, IgnoresATrailingSlashThatNoPatternNeeds) {
  EXPECT_EQ(shop().match("POST", "/orders/").route, place);
  EXPECT_EQ(shop().match("GET", "/orders/7/").route, show);
  EXPECT_EQ(shop().match("GET", "/orders//").what, no_path);
  EXPECT_EQ(shop().match("GET", "/console").route, console_index);
  EXPECT_EQ(shop().match("GET", "/console/").route, console_index);
}

TEST(Router, GivesTheRestToAWildcard) {
  const auto match = shop().match("GET", "/console/js/app%20one.mjs");
  EXPECT_EQ(match.route, console_rest);
  EXPECT_EQ(match.parameters, (std::vector<named_value>{{"path", "js/app one.mjs"}}));

  EXPECT_EQ(shop().match("GET", "/console/a%2f..%2fb").what, no_path);  // An encoded slash is not a slash.

  router only_rest;
  ASSERT_TRUE(only_rest.add("GET", "/files/{path*}"));
  EXPECT_EQ(parameter(only_rest.match("GET", "/files/"), 0), "");
  EXPECT_EQ(only_rest.match("GET", "/files/").what, found);
  EXPECT_EQ(only_rest.match("GET", "/files").what, no_path);
}

TEST(Router, DecodesParametersAndFixedSegments) {
  EXPECT_EQ(parameter(shop().match("GET", "/orders/a%2Fb%20%C3%BC"), 0), "a/b \xC3\xBC");
  EXPECT_EQ(parameter(shop().match("GET", "/orders/a+b"), 0), "a+b");
  EXPECT_EQ(shop().match("GET", "/%6frders").route, list);
}

TEST(Router, RefusesBadEncodingsAndDotSegments) {
  for (const auto* path : {"/orders/%", "/orders/%4", "/orders/%zz", "/orders/%ff", "/orders/%00", "/orders/..",
                           "/console/%2e%2E/passwd", "/console/./a", "/../orders"})
    EXPECT_EQ(shop().match("GET", path).what, bad_path) << path;
}

TEST(Router, RefusesMalformedAndDoubleRoutes) {
  router routes;
  for (const auto* bad : {"orders", "", "/a//b", "/a{b}", "/{}", "/{*}", "/{rest*}/a", "/a%20b", "/a*"})
    EXPECT_EQ(routes.add("GET", bad).error().kind, fault_kind::invalid) << bad;
  EXPECT_EQ(routes.add("GET", "/a/{x}"), 0U);
  EXPECT_EQ(routes.add("GET", "/a/{y}").error().kind, fault_kind::conflict);
  EXPECT_EQ(routes.add("PUT", "/a/{y}"), 1U);
  EXPECT_EQ(routes.match("PUT", "/a/1").parameters[0].name, "y");
}

}  // namespace
}  // namespace musiccorp::http

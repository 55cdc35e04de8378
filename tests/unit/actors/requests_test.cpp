// The bodies that the fuzz program begins with are real ones, and it knows every request that a route takes.
#include "fuzz/requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "roster/roster.hpp"

namespace musiccorp {
namespace {

namespace fs = std::filesystem;
using names = std::set<std::string, std::less<>>;

template <class Visit>
void each_request(const Visit& visit) {
  std::apply([&](const auto&... one) { (visit(one), ...); }, fuzz::every_request{});
}

/// The seeds of one request: "place_order_2" and the like.
std::map<std::string, std::string> seeds_of(const std::string& request) {
  std::map<std::string, std::string> bodies;
  for (const auto& file : fs::directory_iterator{fs::path{MUSICCORP_SOURCE_DIR} / "tests/fuzz/seeds/requests"}) {
    const auto name = file.path().filename().string();
    if (name.substr(0, name.rfind('_')) != request) continue;
    std::ifstream stream{file.path(), std::ios::binary};
    bodies[name] = {std::istreambuf_iterator<char>{stream}, {}};
  }
  return bodies;
}

TEST(FuzzedRequests, AreThoseOfTheRoutes) {
  names taken, fuzzed;
  for (const auto& service : roster::empty_shop())
    for (const auto& route : service.routes())
      if (route.method != "GET") taken.insert(route.type);
  each_request([&]<class Request>(const Request&) { fuzzed.emplace(describe::name_of<Request>()); });
  EXPECT_EQ(fuzzed, taken);
}

TEST(FuzzedRequests, HaveSeedsThatAreGoodRequests) {
  each_request([]<class Request>(const Request&) {
    const auto seeds = seeds_of(std::string{describe::name_of<Request>()});
    EXPECT_FALSE(seeds.empty()) << describe::name_of<Request>();
    for (const auto& [name, body] : seeds) {
      const auto read = describe::from_json<Request>(body);
      EXPECT_TRUE(read) << name << ": " << (read ? "" : read.error().text);
    }
  });
}

}  // namespace
}  // namespace musiccorp

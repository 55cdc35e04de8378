// A hospital with 100 000 cases is as quick as one with 1 000: pages come from the store as pages, and a search that
// finds nothing ends and says how far it has looked.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "http/client.hpp"
#include "storage/sqlite_store.hpp"
#include "support/ledger.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "unit/hospital/ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

using nlohmann::json;
using clock = std::chrono::steady_clock;

constexpr std::uint64_t few = 1'000, many = 100'000;
constexpr int rounds = 15;

/// A hospital's store with so many open cases of 50 groups, as its own rules write them.
void fill(const std::filesystem::path& data, std::uint64_t count) {
  std::filesystem::create_directories(data);
  auto store = storage::sqlite_stores(data, storage::durability::process)->open("hospital");
  ensure(store.has_value(), "a store can be made");
  ward_bench ward{{}, std::move(*store)};
  ward.bench.turns_per_commit = 500;
  for (std::uint64_t seq = 1; seq <= count; ++seq)
    ward.died(seq, std::string("the scales are broken in the ") + static_cast<char>('a' + seq % 50) + "th place");
}

class ManyCases : public ::testing::Test {
 protected:
  void SetUp() override {
    fill(folder_.path() / "few", few);
    fill(folder_.path() / "many", many);
    small_.start();
    large_.start();
  }
  json ask(const testing::shop_process& shop, const std::string& path) {
    const auto said = connection_.fetch({.url = shop.url() + path});
    EXPECT_TRUE(said && said->status == 200) << path;
    return said ? json::parse(said->body, nullptr, false) : json{};
  }
  double seconds_of(const testing::shop_process& shop, const std::string& path) {
    const auto began = clock::now();
    (void)ask(shop, path);
    return std::chrono::duration<double>(clock::now() - began).count();
  }
  static double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.at(values.size() / 2);
  }
  /// How much longer the large one takes, asked in turns.
  double ratio(const std::string& of_small, const std::string& of_large) {
    std::vector<double> small, large;
    for (int i = 0; i < rounds; ++i) {
      small.push_back(seconds_of(small_, of_small));
      large.push_back(seconds_of(large_, of_large));
    }
    return median(large) / median(small);
  }
  double ratio(const std::string& path) { return ratio(path, path); }

  testing::temporary_folder folder_;
  http::client connection_;
  const std::vector<std::string> flags_{"--set", "/durability=process"};
  testing::shop_process small_{folder_.path() / "few", flags_}, large_{folder_.path() / "many", flags_};
};

TEST_F(ManyCases, EachPageCostsTheSameAsOfFew) {
  const auto first = ask(large_, "/hospital/cases?page_size=200");
  ASSERT_EQ(first.at("cases").size(), 200U);
  EXPECT_EQ(first.at("cases").at(0).at("case_id"), "post.order." + std::to_string(many)) << "newest first";
  std::uint64_t open = 0;
  const auto groups = ask(large_, "/hospital/groups?page_size=200");
  for (const auto& one : groups.at("groups")) open += one.at("open").get<std::uint64_t>();
  EXPECT_EQ(open, many) << groups.dump().substr(0, 400);

  // A hundred times as many cases; whatever reads them all takes many times as long.
  constexpr double as_long = 8;
  EXPECT_LT(ratio("/hospital/cases?page_size=50"), as_long);
  EXPECT_LT(ratio("/hospital/cases?page_size=50&state=open"), as_long);
  EXPECT_LT(ratio("/hospital/cases?page_size=50&service=post&reason=attempts"), as_long);
  EXPECT_LT(ratio("/hospital/groups"), as_long);
  EXPECT_LT(ratio("/hospital/cases/post.order.17"), as_long);
  EXPECT_LT(ratio("/metrics"), as_long);
  const std::string of_group =
      "/hospital/cases?page_size=50&group=" + groups.at("groups").at(0).at("group_id").get<std::string>();
  EXPECT_LT(ratio(of_group), as_long);
  const std::string token = first.at("next_page_token");
  EXPECT_LT(ratio("/hospital/cases?page_size=50", "/hospital/cases?page_size=50&page_token=" + token), as_long);

  const auto nowhere = ask(large_, "/hospital/cases?text=nowhere");
  EXPECT_EQ(nowhere.at("cases").size(), 0U);
  EXPECT_LE(nowhere.at("looked_at").get<std::uint64_t>(), 2'000U);
  EXPECT_NE(nowhere.at("next_page_token"), "") << "one may go on from there";
  EXPECT_LT(ratio("/hospital/cases?text=nowhere"), as_long);
  const auto all = connection_.fetch({.method = "POST",
                                      .url = large_.url() + "/hospital/batches",
                                      .headers = {{"content-type", "application/json"}},
                                      .body = R"({"action": "replay", "dry_run": true, "reason": "to count them"})"});
  ASSERT_TRUE(all && all->status == 202) << (all ? all->body : "");
  EXPECT_EQ(json::parse(all->body).at("total"), many) << "one batch can take all of them";
  for (const auto* shop : {&small_, &large_}) testing::expect_ledger_zero({connection_, shop->url()});
}

}  // namespace
}  // namespace musiccorp::hospital

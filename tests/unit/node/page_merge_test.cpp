#include "node/page_merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "describe/json.hpp"

namespace musiccorp::node {
namespace {

using json = nlohmann::json;

struct thing {
  std::string id{};
  static constexpr auto describe() { return describe_as("thing", 1, key("id", &thing::id)); }
};
struct thing_page {
  std::vector<thing> things{};
  std::string next{};
  static constexpr auto describe() {
    return describe_as("thing_page", 1, field("things", &thing_page::things), field("next", &thing_page::next));
  }
};
struct two_lists {
  std::vector<thing> things{};
  std::vector<thing> others{};
  std::string next{};
  static constexpr auto describe() {
    return describe_as("two_lists", 1, field("things", &two_lists::things), field("others", &two_lists::others),
                       field("next", &two_lists::next));
  }
};

const page_form form{"things", "id", "next"};

std::string page(const std::vector<std::string>& ids, const std::string& next = {}) {
  thing_page made;
  for (const auto& id : ids) made.things.push_back({id});
  made.next = next;
  return describe::to_json(made);
}
std::string merged(const std::vector<std::string>& pages, std::size_t size) {
  return merge_pages(form, pages, size).value();
}

TEST(PageMerge, KnowsAPageByItsShape) {
  const auto found = page_form::of(describe::shape_of<thing_page>());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->items, "things");
  EXPECT_EQ(found->key, "id");
  EXPECT_EQ(found->token, "next");
  EXPECT_FALSE(page_form::of(describe::shape_of<thing>()));
  EXPECT_FALSE(page_form::of(describe::shape_of<two_lists>()));
}

TEST(PageMerge, PutsItemsInOrderAndGoesOnBehindTheLast) {
  EXPECT_EQ(merged({page({"a", "d"}), page({}), page({"b", "c"})}, 10), page({"a", "b", "c", "d"}));
  EXPECT_EQ(merged({page({"a", "d"}), page({"b", "c"})}, 3), page({"a", "b", "c"}, "c"));
  EXPECT_EQ(merged({page({}), page({})}, 3), page({}));
}

TEST(PageMerge, TellsNothingBehindWhatAPartitionHasNotTold) {
  EXPECT_EQ(merged({page({"a", "b"}, "b"), page({"c", "z"})}, 4), page({"a", "b"}, "b")) << "c may not be the next";
  EXPECT_EQ(merged({page({}, "m"), page({"c", "z"})}, 4), page({"c"}, "m")) << "one has looked at others so far";
}

TEST(PageMerge, RefusesWhatIsNoPage) {
  for (const auto* text : {"", "[]", "{}", R"({"things":{},"next":""})", R"({"things":[{}],"next":""})",
                           R"({"things":[{"id":1}],"next":""})", R"({"things":[],"next":7})"})
    EXPECT_EQ(merge_pages(form, std::vector<std::string>{text}, 3).error().kind, fault_kind::internal) << text;
}

/// Whoever goes through all pages sees each item once, in order, whatever is where.
TEST(PageMerge, GoesThroughEverythingOnce) {
  base::random_source random{5};
  for (int round = 0; round < 300; ++round) {
    std::vector<std::vector<std::string>> partitions(1 + random.below(5));
    std::vector<std::string> all;
    for (std::uint64_t i = random.below(60); i > 0; --i) {
      auto id = std::to_string(1'000 + i);
      partitions[random.below(partitions.size())].push_back(id);
      all.push_back(std::move(id));
    }
    std::ranges::sort(all);
    for (auto& one : partitions) std::ranges::sort(one);
    const auto size = 1 + random.below(12);
    std::vector<std::string> seen;
    std::string after;
    do {
      std::vector<std::string> pages;
      for (const auto& one : partitions) {
        std::vector<std::string> told;
        for (const auto& id : one)
          if (id > after && told.size() < size) told.push_back(id);
        pages.push_back(page(told, told.size() == size ? told.back() : std::string{}));
      }
      const auto next = json::parse(merged(pages, size));
      EXPECT_LE(next.at("things").size(), size);
      for (const auto& one : next.at("things")) seen.push_back(one.at("id"));
      after = next.at("next");
    } while (!after.empty());
    EXPECT_EQ(seen, all) << "round " << round;
  }
}

}  // namespace
}  // namespace musiccorp::node

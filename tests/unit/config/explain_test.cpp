#include "config/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reading.hpp"

namespace musiccorp::config {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

loaded_config sample() {
  return read(R"({"$schema":"s","node":"north","log":{"levels":{"http":"debug"}},
                  "services":{"order":{"retry":{"attempts_max":2}},
                              "notification":{"settings":{"smtp_password":"hunter2","from":"shop"}}}})",
              http_overrides("127.0.0.1:0").value())
      .value();
}

/// The cells of the line about this value; columns are two or more spaces apart.
std::vector<std::string> row(const std::string& table, const std::string& pointer) {
  const auto start = table.find(pointer + "  ");
  if (start == std::string::npos) return {};
  std::vector<std::string> cells;
  const auto line = table.substr(start, table.find('\n', start) - start);
  for (std::size_t at = 0; at < line.size();) {
    const auto end = std::min(line.find("  ", at), line.size());
    cells.push_back(line.substr(at, end - at));
    at = std::min(line.find_first_not_of(' ', end), line.size());
  }
  return cells;
}

TEST(Explain, SaysOfEachValueWhereItComesFromAndWhatItMeans) {
  const auto text = explain(sample());
  EXPECT_THAT(row(text, "/node"), ElementsAre("/node", "\"north\"", "file", "Name of this node"));
  EXPECT_THAT(row(text, "/http/port"), ElementsAre("/http/port", "0", "--http", "TCP port; 0 takes a free one"));
  EXPECT_THAT(row(text, "/http/io_threads"),
              ElementsAre("/http/io_threads", "1", "default", "Threads for connections"));
  EXPECT_THAT(row(text, "/log/levels/http"),
              ElementsAre("/log/levels/http", "\"debug\"", "file", "Levels of single components"));
  EXPECT_THAT(row(text, "/services/order/retry/attempts_max"), Contains("file"));
  EXPECT_THAT(row(text, "/services/order/retry/delay_first_ms"), Contains("inherited"));
}

TEST(Explain, HasAlignedColumns) {
  const auto text = explain(sample());
  const auto column_of = [&](std::string_view word) {
    const auto at = text.find(word);
    return at - (text.rfind('\n', at) + 1);
  };
  EXPECT_EQ(column_of("from"), column_of("default"));
  EXPECT_EQ(column_of("from"), column_of("inherited"));
  EXPECT_EQ(column_of("meaning"), column_of("Threads for connections"));
}

TEST(Explain, ShowsEveryFieldOfTheNode) {
  const auto text = explain(sample());
  for (const auto* pointer : {"/data", "/scheduler/threads", "/durability", "/retry/delay_longest_ms",
                              "/streams/answers_kept_s", "/seed", "/imports"})
    EXPECT_THAT(row(text, pointer), SizeIs(4)) << pointer;
}

TEST(Explain, LeavesOutWhatServicesDoNotSay) {
  const auto text = explain(sample());
  EXPECT_THAT(text, HasSubstr("/services/inventory/mailbox_limit"));
  EXPECT_THAT(text, Not(HasSubstr("/services/inventory/retry")));
  EXPECT_THAT(text, Not(HasSubstr("$schema")));
}

TEST(Explain, KeepsSecretsOfServices) {
  for (const auto& text : {explain(sample()), explain_json(sample())}) {
    EXPECT_THAT(text, HasSubstr("/services/notification/settings/smtp_password"));
    EXPECT_THAT(text, HasSubstr("/services/notification/settings/from"));
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  }
}

TEST(Explain, AsJsonSaysTheSame) {
  const auto document = json::parse(explain_json(sample()));
  EXPECT_EQ(document["/http/port"],
            (json{{"value", 0}, {"from", "--http"}, {"meaning", "TCP port; 0 takes a free one"}}));
  EXPECT_EQ(document["/node"]["value"], "north");
  EXPECT_EQ(document["/services/order/retry/delay_longest_ms"]["from"], "inherited");
}

}  // namespace
}  // namespace musiccorp::config

#include "telemetry/log.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

namespace musiccorp::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const instant some_time{1'770'000'000'123'456us};
const std::string stamp = "2026-02-02T02:40:00.123456Z";

std::shared_ptr<base::manual_clock> manual_time() { return std::make_shared<base::manual_clock>(some_time); }

log_config as_json(std::uint32_t lines_max = 0) {
  log_config config;
  config.format = log_format::json;
  config.level = log_level::debug;
  config.lines_max = lines_max;
  return config;
}

TEST(LogLine, JsonKeepsTheOrderAndTheTypes) {
  const std::string type = "order.placed";
  const std::initializer_list<log_field> fields{{"type", type},
                                                {"attempt", 3},
                                                {"bytes", std::uint64_t{18'446'744'073'709'551'615U}},
                                                {"share", 0.5},
                                                {"last", true}};
  EXPECT_EQ(json_line({some_time, log_level::warning, "delivery", "message-retried", fields, 2}),
            "{\"time\":\"" + stamp +
                "\",\"level\":\"warning\",\"component\":\"delivery\",\"event\":\"message-retried\","
                "\"type\":\"order.placed\",\"attempt\":3,\"bytes\":18446744073709551615,\"share\":0.5,\"last\":true,"
                "\"repeated\":2}");
}

TEST(LogLine, LeavesOutATraceThatIsNone) {
  const std::initializer_list<log_field> none{{"trace_id", ""}, {"id", ""}}, one{{"trace_id", "4bf9"}};
  const auto json = json_line({some_time, log_level::info, "service", "message-died", none});
  EXPECT_EQ(json.find("trace_id"), std::string::npos);
  EXPECT_NE(json.find(R"("id":"")"), std::string::npos);
  EXPECT_EQ(human_line({some_time, log_level::info, "service", "message-died", none}, false).find("trace_id"),
            std::string::npos);
  EXPECT_NE(json_line({some_time, log_level::info, "service", "message-died", one}).find(R"("trace_id":"4bf9")"),
            std::string::npos);
}

TEST(LogLine, JsonStaysValidWhateverComes) {
  const std::initializer_list<log_field> fields{
      {"text", "a\"b\nc\xFF"}, {"nothing", std::numeric_limits<double>::quiet_NaN()}, {"level", "forged"}};
  EXPECT_EQ(json_line({some_time, log_level::info, "http", "answered", fields}),
            "{\"time\":\"" + stamp +
                "\",\"level\":\"info\",\"component\":\"http\",\"event\":\"answered\","
                "\"text\":\"a\\\"b\\nc\xEF\xBF\xBD\",\"nothing\":null}");
}

TEST(LogLine, PeopleReadOneLineAnEvent) {
  const std::initializer_list<log_field> fields{{"type", "order.placed"},
                                                {"attempt", 3},
                                                {"why", "no \"room\"\nleft"},
                                                {"artist", "Bj\xC3\xB6rk"},
                                                {"empty", ""}};
  EXPECT_EQ(human_line({some_time, log_level::info, "delivery", "message-retried", fields, 4}, false),
            stamp +
                " info    delivery message-retried type=order.placed attempt=3 why=\"no \\\"room\\\"\\nleft\" "
                "artist=Bj\xC3\xB6rk empty=\"\" repeated=4");
}

TEST(LogLine, GivesATerminalNothingToObey) {
  const log_field sly{"why", "a\x7F\x1B[2J\xC2\x9B["};
  EXPECT_EQ(human_line({some_time, log_level::info, "http", "refused", {&sly, 1}}, false),
            stamp + " info    http refused why=\"a\\u007f\\u001b[2J\\u009b[\"");
}

TEST(LogLine, ColoursOnlyTheLevelAndOnlyWhenAsked) {
  const log_line line{some_time, log_level::error, "storage", "disk-full", {}};
  EXPECT_EQ(human_line(line, true), stamp + " \x1b[31merror\x1b[0m   storage disk-full");
}

TEST(Log, WritesEventAndFields) {
  const captured_logs captured{manual_time()};
  const logger log{"delivery"};
  log.warn("message-retried", {{"type", "order.placed"}, {"attempt", 2}});
  EXPECT_THAT(captured.lines(),
              ElementsAre("{\"time\":\"" + stamp +
                          "\",\"level\":\"warning\",\"component\":\"delivery\","
                          "\"event\":\"message-retried\",\"type\":\"order.placed\",\"attempt\":2}"));
}

TEST(Log, EachComponentHasItsLevel) {
  auto config = as_json();
  config.level = log_level::error;
  config.levels = {{"delivery", log_level::info}, {"http", log_level::off}};
  const captured_logs captured{manual_time(), config};
  for (const auto* component : {"delivery", "http", "storage"}) {
    const logger log{component};
    log.debug("a");
    log.info("b");
    log.error("c");
  }
  EXPECT_THAT(captured.lines(),
              ElementsAre(HasSubstr("\"delivery\",\"event\":\"b\""), HasSubstr("\"delivery\",\"event\":\"c\""),
                          HasSubstr("\"storage\",\"event\":\"c\"")));
}

TEST(Log, LevelsChangeAtRunTime) {
  const captured_logs captured{manual_time()};
  const logger log{"delivery"};
  set_log_level("delivery", log_level::error);
  EXPECT_FALSE(log.on(log_level::warning));
  log.warn("a");
  set_log_level(log_level::debug);
  log.debug("b");
  EXPECT_THAT(captured.lines(), ElementsAre(HasSubstr("\"event\":\"b\"")));
}

TEST(Log, RepeatsAreCountedAndToldWithTheNextLine) {
  const auto time = manual_time();
  const captured_logs captured{time, as_json(2)};
  const logger log{"delivery"};
  for (int i = 0; i < 5; ++i) log.warn("message-retried", {{"attempt", i}});
  log.warn("message-died");
  EXPECT_THAT(captured.lines(), SizeIs(3));
  time->advance(1s);
  log.warn("message-retried", {{"attempt", 5}});
  EXPECT_THAT(captured.lines().back(), HasSubstr("\"attempt\":5,\"repeated\":3}"));
}

TEST(Log, TheEndTellsWhatWasLeftOut) {
  const captured_logs captured{manual_time(), as_json(1)};
  const logger log{"delivery"};
  for (int i = 0; i < 5; ++i) log.warn("message-retried");
  flush_logs();
  EXPECT_THAT(captured.lines(), ElementsAre(HasSubstr("message-retried"), HasSubstr("\"repeated\":4}")));
}

TEST(Log, NoneWritesNothing) {
  auto config = as_json();
  config.format = log_format::none;
  const captured_logs captured{manual_time(), config};
  const logger log{"delivery"};
  EXPECT_FALSE(log.on(log_level::error));
  log.error("a");
  flush_logs();
  EXPECT_THAT(captured.lines(), IsEmpty());
}

TEST(Log, GivesTheFormerStateBack) {
  { const captured_logs captured{manual_time()}; }
  EXPECT_FALSE(logger{"delivery"}.on(log_level::info));
  EXPECT_TRUE(logger{"delivery"}.on(log_level::warning));
}

TEST(Log, ManyThreadsWriteWholeLines) {
  const captured_logs captured{manual_time()};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer)
    writers.emplace_back([writer] {
      const logger log{"room-" + std::to_string(writer % 2)};
      for (int i = 0; i < 200; ++i) {
        log.info("counted", {{"i", i}});
        if (i % 50 == 0) set_log_level("room-0", log_level::debug);
      }
    });
  for (auto& writer : writers) writer.join();
  const auto lines = captured.lines();
  EXPECT_THAT(lines, SizeIs(800));
  for (const auto& line : lines) EXPECT_THAT(line, testing::EndsWith("}"));
}

class LogFile : public testing::Test {
 protected:
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("telemetry_log_test_" + std::to_string(getpid()));
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override {
    EXPECT_TRUE(start_logs({}).has_value());
    std::filesystem::remove_all(folder);
  }
};

TEST_F(LogFile, TakesEachLineAtOnce) {
  auto config = as_json();
  config.file = folder / "node.log";
  ASSERT_TRUE(start_logs(config, manual_time()).has_value());
  logger{"node"}.info("started", {{"port", 8080}});
  std::ifstream file{config.file};
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_THAT(line, HasSubstr("\"event\":\"started\",\"port\":8080}"));
}

TEST_F(LogFile, NeverGrowsWithoutEnd) {
  auto config = as_json();
  config.file = folder / "node.log";
  config.file_bytes_max = 1000;
  config.files_max = 2;
  ASSERT_TRUE(start_logs(config, manual_time()).has_value());
  for (int i = 0; i < 200; ++i) logger{"node"}.info("counted", {{"i", i}});
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator{folder}) bytes += file.file_size();
  EXPECT_LE(bytes, 3000U);
}

TEST_F(LogFile, ThatCannotBeOpenedIsAFaultAndChangesNothing) {
  auto config = as_json();
  std::ofstream{folder / "plain"};
  config.file = folder / "plain" / "node.log";
  const auto started = start_logs(config);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().kind, fault_kind::storage);
  EXPECT_THAT(started.error().text, HasSubstr("node.log"));
  EXPECT_FALSE(logger{"node"}.on(log_level::debug));
}

TEST(LogLevel, HasNamesBothWays) {
  for (const auto* name : {"debug", "info", "warning", "error", "off"})
    EXPECT_EQ(name_of(*log_level_named(name)), name);
  EXPECT_EQ(log_level_named("loud"), std::nullopt);
  EXPECT_EQ(level_of(base::severity::error), log_level::error);
}

}  // namespace
}  // namespace musiccorp::telemetry

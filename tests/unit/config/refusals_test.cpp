// The texts that a person sees, word for word.
#include "config/refusals.hpp"

#include <gtest/gtest.h>

#include "reading.hpp"

namespace musiccorp::config {
namespace {

TEST(Refusal, OfANumberInQuotes) {
  EXPECT_EQ(refusal_of(R"({"http":{"port":"80"}})"),
            "node.json: /http/port: wanted an integer from 0 to 65535, found \"80\"; did you mean 80?\n");
}

TEST(Refusal, OfANumberOutOfRange) {
  EXPECT_EQ(refusal_of(R"({"http":{"port":65536}})"),
            "node.json: /http/port: wanted an integer from 0 to 65535, found 65536\n");
  EXPECT_EQ(refusal_of(R"({"seed":-1})"), "node.json: /seed: wanted an integer of at least 0, found -1\n");
  EXPECT_EQ(refusal_of(R"({"http":{"port":"65536"}})"),
            "node.json: /http/port: wanted an integer from 0 to 65535, found \"65536\"\n");
}

TEST(Refusal, OfAFraction) {
  EXPECT_EQ(refusal_of(R"({"retry":{"attempts_max":2.5}})"),
            "node.json: /retry/attempts_max: wanted an integer from 1 to 1000, found 2.5\n");
}

TEST(Refusal, OfANameOutsideAClosedSet) {
  EXPECT_EQ(refusal_of(R"({"durability":"fsnyc"})"),
            "node.json: /durability: wanted one of fsync, process, found \"fsnyc\"; did you mean fsync?\n");
  EXPECT_EQ(refusal_of(R"({"log":{"levels":{"http":"DEBUG"}}})"),
            "node.json: /log/levels/http: wanted one of debug, info, warning, error, off, found \"DEBUG\"; did you "
            "mean debug?\n");
}

TEST(Refusal, OfAnUnknownKeyAtEveryLevel) {
  EXPECT_EQ(refusal_of(R"({"htpp":{}})"), "node.json: /htpp: unknown key; did you mean http?\n");
  EXPECT_EQ(refusal_of(R"({"http":{"prot":1}})"), "node.json: /http/prot: unknown key; did you mean port?\n");
  EXPECT_EQ(refusal_of(R"({"log":{"lvel":1}})"), "node.json: /log/lvel: unknown key; did you mean level?\n");
  EXPECT_EQ(refusal_of(R"({"retry":{"attempts":1}})"),
            "node.json: /retry/attempts: unknown key; did you mean attempts_max?\n");
  EXPECT_EQ(refusal_of(R"({"services":{"order":{"retry_by_type":{"a.b":{"delay_frist_ms":1}}}}})"),
            "node.json: /services/order/retry_by_type/a.b/delay_frist_ms: unknown key; did you mean "
            "delay_first_ms?\n");
}

TEST(Refusal, OfAnUnknownKeyThatIsCloseToNoneTellsThemAll) {
  EXPECT_EQ(refusal_of(R"({"scheduler":{"x":1}})"),
            "node.json: /scheduler/x: unknown key; wanted one of threads, throughput\n");
  EXPECT_EQ(refusal_of(R"({"services":{"order":{"mailbox":1}}})"),
            "node.json: /services/order/mailbox: unknown key; wanted one of mailbox_limit, mailbox_bytes_limit, "
            "order, retry, retry_by_type, "
            "settings\n");
  EXPECT_EQ(refusal_of(R"({"services":{"order":{"retry":{"x":1}}}})"),
            "node.json: /services/order/retry/x: unknown key; wanted one of attempts_max, delay_first_ms, "
            "delay_longest_ms, jitter_percent, deadline_ms, process_deaths_max, "
            "retry_after_longest_ms\n");
}

TEST(Refusal, OfAnUnknownService) {
  EXPECT_EQ(refusal_of(R"({"services":{"oder":{}}})"),
            "node.json: /services/oder: unknown service; did you mean order?\n");
}

TEST(Refusal, OfTheWrongKindOfValue) {
  EXPECT_EQ(refusal_of(R"({"http":[]})"), "node.json: /http: wanted an object, found a list\n");
  EXPECT_EQ(refusal_of(R"({"node":5})"), "node.json: /node: wanted a text, found 5\n");
  EXPECT_EQ(refusal_of(R"([])"), "node.json: wanted an object, found a list\n");
  EXPECT_EQ(refusal_of(R"({"services":{"order":{"settings":[1]}}})"),
            "node.json: /services/order/settings: wanted an object, found something else\n");
}

TEST(Refusal, OfBrokenJsonNamesLineAndColumn) {
  EXPECT_EQ(refusal_of("{\n  \"node\": \"a\"\n  \"data\": \"b\"\n}"),
            "node.json: wanted ',' or '}', found something else at line 3, column 3\n");
  EXPECT_EQ(refusal_of(""), "node.json: wanted a value, found the end of the input at line 1, column 1\n");
}

TEST(Refusal, OfAFieldThatComesTwice) {
  EXPECT_EQ(refusal_of(R"({"http":{"port":1,"port":2}})"),
            "node.json: /http/port: wanted each field once, found a second value\n");
}

TEST(Refusal, OfACollectorThatIsNoUrl) {
  EXPECT_EQ(refusal_of(R"({"traces":{"endpoint":"localhost:4318"}})"),
            "node.json: /traces/endpoint: wanted a URL like http://localhost:4318/v1/traces, found "
            "\"localhost:4318\"\n");
}

TEST(Refusal, OfAFirstDelayAboveTheLongest) {
  EXPECT_EQ(refusal_of(R"({"retry":{"delay_first_ms":500,"delay_longest_ms":400}})"),
            "node.json: /retry/delay_first_ms: wanted at most delay_longest_ms, which is 400, found 500\n");
  EXPECT_EQ(refusal_of(R"({"supervision":{"delay_longest_ms":400}})"),
            "node.json: /supervision/delay_first_ms: wanted at most delay_longest_ms, which is 400, found 500\n");
  EXPECT_EQ(refusal_of(R"({"services":{"order":{"retry":{"delay_longest_ms":50}}}})"),
            "node.json: /services/order/retry/delay_first_ms: wanted at most delay_longest_ms, which is 50, found "
            "100\n");
  EXPECT_EQ(refusal_of(R"({"services":{"order":{"retry_by_type":{"a/b":{"delay_first_ms":40000}}}}})"),
            "node.json: /services/order/retry_by_type/a~1b/delay_first_ms: wanted at most delay_longest_ms, which is "
            "30000, found 40000\n");
}

TEST(Refusal, OfABreakerWhoseFirstWaitIsAboveTheLongest) {
  EXPECT_EQ(refusal_of(R"({"breaker":{"open_first_ms":20000}})"),
            "node.json: /breaker/open_first_ms: wanted at most open_longest_ms, which is 10000, found 20000\n");
  EXPECT_EQ(refusal_of(R"({"breaker":{"open_first_ms":20000,"open_longest_ms":20000}})"), "");
}

TEST(Refusal, OfANodeNameThatCannotNameAFolder) {
  const std::string wanted = "wanted letters, digits, '-', '_' and '.', not starting with '.': it names a folder";
  EXPECT_EQ(refusal_of(R"({"node":"../up"})"), "node.json: /node: " + wanted + ", found \"../up\"\n");
  EXPECT_EQ(refusal_of(R"({"node":""})"),
            "node.json: /node: wanted between 1 and 64 bytes, found a text of 0 bytes\n");
}

TEST(Refusal, OfAnImportWithoutAPath) {
  EXPECT_EQ(refusal_of(R"({"imports":{"catalog":""}})"),
            "node.json: /imports/catalog: wanted the path of a file, found \"\"\n");
}

TEST(Refusal, TellsAllProblemsALineEach) {
  EXPECT_EQ(refusal_of(R"({"http":{"port":-1,"io_threads":0},"durability":1})"),
            "node.json: /http/port: wanted an integer from 0 to 65535, found -1\n"
            "node.json: /http/io_threads: wanted an integer from 1 to 64, found 0\n"
            "node.json: /durability: wanted one of fsync, process, found 1\n");
}

TEST(Refusal, KeepsTheFirstProblemInTheFaultsText) {
  const auto loaded = read(R"({"http":{"port":"80"}})");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, fault_kind::invalid);
  EXPECT_EQ(loaded.error().text, "/http/port: expected an integer from 0 to 65535; did you mean 80?, found \"80\"");
}

TEST(Refusal, OfAFaultWithoutProblemsIsItsText) {
  EXPECT_EQ(report({fault_kind::busy, "order.db is locked", {}, {}}, "node.json"), "node.json: order.db is locked\n");
}

}  // namespace
}  // namespace musiccorp::config

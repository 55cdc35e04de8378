#include "telemetry/span_store.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace musiccorp::telemetry {
namespace {

using namespace std::chrono_literals;

/// Spans of traces in one part of the store, so that they make room for each other.
span span_of(std::uint64_t trace, std::uint64_t id, span_state state = span_state::ok) {
  span one;
  one.trace = {trace, 16};
  one.id = id;
  one.began = base::instant{base::duration{id}};
  one.state = state;
  return one;
}

std::vector<std::uint64_t> ids(const span_store& store, std::uint64_t trace) {
  std::vector<std::uint64_t> found;
  for (const auto& one : store.of({trace, 16})) found.push_back(one.id);
  return found;
}

constexpr std::size_t spans(std::size_t each_part) { return each_part * 16 * sizeof(span); }
using list = std::vector<std::uint64_t>;

TEST(SpanStore, TellsTheSpansOfATraceInOrder) {
  span_store store;
  for (const std::uint64_t id : {3U, 1U, 2U}) store.record(span_of(1, id));
  store.record(span_of(2, 9));
  EXPECT_EQ(ids(store, 1), (list{1, 2, 3}));
  EXPECT_EQ(ids(store, 3), list{});
  EXPECT_EQ(store.counted().recorded, 4U);
}

TEST(SpanStore, ForgetsTheOldestFirst) {
  span_store store{{.recent_bytes = spans(4)}};
  for (std::uint64_t id = 1; id <= 6; ++id) store.record(span_of(1, id));
  EXPECT_EQ(ids(store, 1), (list{3, 4, 5, 6}));
}

TEST(SpanStore, KeepsAllOfATraceInWhichSomethingFailed) {
  span_store store{{.recent_bytes = spans(4)}};
  store.record(span_of(1, 1));
  store.record(span_of(1, 2, span_state::failed));
  store.record(span_of(1, 3));
  for (std::uint64_t id = 10; id < 30; ++id) store.record(span_of(2, id));
  EXPECT_EQ(ids(store, 1), (list{1, 2, 3}));
  store.record(span_of(1, 40));
  EXPECT_EQ(ids(store, 1), (list{1, 2, 3, 40}));
  EXPECT_EQ(store.counted().failed, 1U);
}

TEST(SpanStore, TheTraceThatIsKeptForLongestMakesRoom) {
  span_store store{{.recent_bytes = spans(1), .kept_bytes = spans(3)}};
  for (std::uint64_t trace = 1; trace <= 5; ++trace) store.record(span_of(trace, trace, span_state::failed));
  EXPECT_EQ(ids(store, 1), list{});
  EXPECT_EQ(ids(store, 2), list{});
  EXPECT_EQ(ids(store, 3), list{3});
  EXPECT_EQ(ids(store, 5), list{5});
  EXPECT_EQ(store.counted().traces_forgotten, 2U);
}

TEST(SpanStore, OneTraceCannotTakeAllTheRoom) {
  span_store store{{.recent_bytes = spans(1), .spans_per_trace = 3}};
  for (std::uint64_t id = 1; id <= 10; ++id) store.record(span_of(1, id, span_state::failed));
  EXPECT_EQ(ids(store, 1), (list{1, 2, 3, 10}));  // The last one is recent.
  EXPECT_EQ(store.counted().not_kept, 7U);
}

TEST(SpanStore, NamesHaveNumbersAndTheirNumberIsLimited) {
  span_store store;
  const auto order = store.name("order");
  EXPECT_EQ(store.name("order"), order);
  EXPECT_EQ(store.text(order), "order");
  EXPECT_EQ(store.text(0), "");
  for (int i = 0; i < 5'000; ++i) (void)store.name("type " + std::to_string(i));
  EXPECT_EQ(store.text(store.name("one too many")), "other");
  EXPECT_EQ(store.text(order), "order");
}

TEST(SpanStore, LengthsHaveALimitAndNeverRunBackwards) {
  const base::instant now{1h};
  EXPECT_EQ(span_length(now, now + 5us), 5U);
  EXPECT_EQ(span_length(now, now - 5us), 0U);
  EXPECT_EQ(span_length(now, now + 10h), 0xffff'ffffU);
}

TEST(SpanStore, ManyThreadsRecordWhileOthersRead) {
  span_store store;
  std::vector<std::thread> writers;
  for (std::uint64_t who = 0; who < 4; ++who)
    writers.emplace_back([&, who] {
      for (std::uint64_t id = 1; id <= 5'000; ++id) {
        auto one = span_of(1, who * 10'000 + id, id == 17 ? span_state::failed : span_state::ok);
        one.trace.low = id % 32;
        one.service = store.name("service " + std::to_string(id % 7));
        store.record(one);
      }
    });
  for (int i = 0; i < 100; ++i) (void)store.of({1, 17});
  for (auto& one : writers) one.join();
  EXPECT_EQ(store.counted().recorded, 20'000U);
  EXPECT_EQ(store.counted().failed, 4U);
}

}  // namespace
}  // namespace musiccorp::telemetry

#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <thread>

#include "base/ensure.hpp"
#include "telemetry/buckets.hpp"

namespace musiccorp::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

class Metrics : public testing::Test {
 protected:
  base::manual_clock time;
  metrics_registry registry{time};

  /// The lines of one family, without the registry's own.
  std::string family_text(std::string_view name) {
    const auto all = registry.render();
    const auto begin = all.find("# HELP " + std::string{name} + " ");
    if (begin == std::string::npos) return "";
    return all.substr(begin, all.find("# HELP", begin + 1) - begin);
  }
};

TEST_F(Metrics, WritesCountersSortedByLabels) {
  const auto seen = registry.counters("seen_total", "Things seen.", {"kind", "place"});
  seen.with({{"place", "shop"}, {"kind", "b"}}).increment();
  seen.with({{"kind", "a"}, {"place", "shop"}}).increment(41);
  seen.with({{"kind", "a"}, {"place", "shop"}}).increment();
  EXPECT_EQ(family_text("seen_total"),
            "# HELP seen_total Things seen.\n"
            "# TYPE seen_total counter\n"
            "seen_total{kind=\"a\",place=\"shop\"} 42\n"
            "seen_total{kind=\"b\",place=\"shop\"} 1\n");
}

TEST_F(Metrics, WritesHistogramsWithCumulativeBuckets) {
  constexpr std::array bounds{0.1, 1.0, 60.0};
  const auto took = registry.histograms("took_seconds", "Time.", bounds, {"service"}).with({{"service", "order"}});
  for (const double value : {0.0625, 0.5, 0.5, 61.0}) took.observe(value);
  EXPECT_EQ(family_text("took_seconds"),
            "# HELP took_seconds Time.\n"
            "# TYPE took_seconds histogram\n"
            "took_seconds_count{service=\"order\"} 4\n"
            "took_seconds_sum{service=\"order\"} 62.0625\n"
            "took_seconds_bucket{service=\"order\",le=\"0.1\"} 1\n"
            "took_seconds_bucket{service=\"order\",le=\"1\"} 3\n"
            "took_seconds_bucket{service=\"order\",le=\"60\"} 3\n"
            "took_seconds_bucket{service=\"order\",le=\"+Inf\"} 4\n");
}

TEST_F(Metrics, WritesEveryStandardBoundAsPeopleWriteIt) {
  (void)registry.histograms("t_seconds", "T.", seconds_buckets).with({});
  const auto text = family_text("t_seconds");
  for (const auto* bound : {"0.0001", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                            "0.5", "1", "2.5", "5", "10", "30", "60"})
    EXPECT_THAT(text, HasSubstr("le=\"" + std::string{bound} + "\"")) << bound;
}

TEST_F(Metrics, GaugesGoUpAndDownAndKeepBigWholeNumbers) {
  const auto depth = registry.gauges("depth", "Depth.").with({});
  depth.set(std::uint64_t{123'456'789'012'345});
  depth.add(-45);
  EXPECT_THAT(family_text("depth"), HasSubstr("\ndepth 123456789012300\n"));
}

TEST_F(Metrics, NeverExportsWhatIsNotFinite) {
  const auto depth = registry.gauges("depth", "Depth.").with({});
  depth.set(7);
  depth.set(std::numeric_limits<double>::infinity());
  depth.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(family_text("depth"), HasSubstr("\ndepth 7\n"));
}

TEST_F(Metrics, ACounterNeverFalls) {
  const auto cpu = registry.counters("cpu_seconds_total", "CPU.").with({});
  cpu.raise_to(2.5);
  cpu.raise_to(1.0);
  EXPECT_THAT(family_text("cpu_seconds_total"), HasSubstr("\ncpu_seconds_total 2.5\n"));
}

TEST_F(Metrics, EscapesAndCleansLabelValues) {
  const auto seen = registry.counters("seen_total", "Seen.", {"kind"});
  (void)seen.with({{"kind", "a\"b\\c\nd\xFF"}});
  EXPECT_THAT(family_text("seen_total"), HasSubstr("seen_total{kind=\"a\\\"b\\\\c d\xEF\xBF\xBD\"} 0\n"));
}

TEST_F(Metrics, AFamilyThatNamesTooManySeriesCountsTheRestAsOther) {
  const auto seen = registry.counters("seen_total", "Seen.", {"kind"});
  for (std::size_t i = 0; i < metrics_registry::series_max + 5; ++i)
    seen.with({{"kind", std::to_string(i)}}).increment();
  EXPECT_THAT(family_text("seen_total"), HasSubstr("seen_total{kind=\"other\"} 5\n"));
}

TEST_F(Metrics, ADeclarationHasOneMeaning) {
  (void)registry.counters("seen_total", "Seen.", {"kind"});
  EXPECT_NO_THROW((void)registry.counters("seen_total", "Seen.", {"kind"}));
  EXPECT_THROW((void)registry.counters("seen_total", "Seen.", {"place"}), base::broken_promise);
  EXPECT_THROW((void)registry.gauges("seen_total", "Seen.", {"kind"}), base::broken_promise);
  EXPECT_THROW((void)registry.counters("seen-total", "Seen."), base::broken_promise);
  EXPECT_THROW((void)registry.histograms("h", "H.", std::array{2.0, 1.0}), base::broken_promise);
}

TEST_F(Metrics, ASeriesHasExactlyTheLabelsOfItsFamily) {
  const auto seen = registry.counters("seen_total", "Seen.", {"kind"});
  EXPECT_THROW((void)seen.with({}), base::broken_promise);
  EXPECT_THROW((void)seen.with({{"place", "shop"}}), base::broken_promise);
  EXPECT_THROW((void)seen.with({{"kind", "a"}, {"place", "shop"}}), base::broken_promise);
}

TEST_F(Metrics, HandlesWithoutARegistryCountNothing) {
  counter{}.increment();
  gauge{}.set(1);
  histogram{}.observe(1);
  family<counter>{}.with({{"kind", "a"}}).increment();
}

TEST_F(Metrics, HooksRunBeforeEachScrapeUntilTheyEnd) {
  const auto depth = registry.gauges("depth", "Depth.").with({});
  int asked = 0;
  {
    const auto hook = registry.on_scrape([&] { depth.set(++asked); });
    EXPECT_THAT(family_text("depth"), HasSubstr("\ndepth 1\n"));
    EXPECT_THAT(family_text("depth"), HasSubstr("\ndepth 2\n"));
  }
  EXPECT_THAT(family_text("depth"), HasSubstr("\ndepth 2\n"));
}

TEST_F(Metrics, AHookThatThrowsLosesOnlyItself) {
  const auto depth = registry.gauges("depth", "Depth.").with({});
  const auto bad = registry.on_scrape([] { throw std::runtime_error{"no"}; });
  const auto good = registry.on_scrape([&] { depth.set(3); });
  const auto text = registry.render();
  EXPECT_THAT(text, HasSubstr("\ndepth 3\n"));
  EXPECT_THAT(text, HasSubstr("\nruntime_scrape_errors_total 1\n"));
}

TEST_F(Metrics, AHookMayOutliveTheRegistry) {
  scrape_hook hook;
  {
    metrics_registry brief{time};
    hook = brief.on_scrape([] {});
  }
}

TEST_F(Metrics, AScrapeKnowsHowLongTheOnesBeforeTook) {
  const auto slow = registry.on_scrape([&] { time.advance(base::duration{20'000}); });
  (void)registry.render();
  EXPECT_THAT(registry.render(), HasSubstr("\nruntime_scrape_seconds_sum 0.02\n"));
}

TEST_F(Metrics, SamplesCarryNoTimestamp) {
  registry.gauges("depth", "Depth.").with({}).set(1);
  EXPECT_THAT(family_text("depth"), testing::EndsWith("\ndepth 1\n"));
}

TEST_F(Metrics, CountsEverythingWhileOthersScrape) {
  constexpr std::array bounds{0.5};
  const auto seen = registry.counters("seen_total", "Seen.", {"kind"});
  const auto took = registry.histograms("took_seconds", "Time.", bounds).with({});
  constexpr int each = 20'000;
  std::atomic<int> ready{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer)
    writers.emplace_back([&] {
      ready.fetch_add(1);
      while (ready.load() < 4) std::this_thread::yield();
      const auto mine = seen.with({{"kind", "all"}});
      for (int i = 0; i < each; ++i) {
        mine.increment();
        took.observe(i % 2 == 0 ? 0.25 : 1.0);
      }
    });
  for (int scrape = 0; scrape < 50; ++scrape) (void)registry.render();
  for (auto& writer : writers) writer.join();
  const auto text = registry.render();
  EXPECT_THAT(text, HasSubstr("seen_total{kind=\"all\"} 80000\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_count 80000\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{le=\"0.5\"} 40000\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_sum 50000\n"));
}

}  // namespace
}  // namespace musiccorp::telemetry

#include "telemetry/cluster_metrics.hpp"

#include <gmock/gmock.h>

#include "support/promql.hpp"

namespace musiccorp::telemetry {
namespace {

using ::testing::HasSubstr;

TEST(ClusterMetrics, CountByPeerDirectionAndReason) {
  base::manual_clock time;
  metrics_registry registry{time};
  const link_metrics link{registry, "b"};
  link.up(true);
  link.came_up();
  link.sent(100);
  link.got(7);
  link.got(8);
  link.refused_parcel(parcel_refusal::epoch);
  link.outstanding(100);
  link.round_trip(0.002);
  const auto text = registry.render();
  EXPECT_THAT(text, HasSubstr("runtime_cluster_link_up{peer=\"b\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("runtime_cluster_bytes_total{direction=\"in\",peer=\"b\"} 15\n"));
  EXPECT_THAT(text, HasSubstr("runtime_cluster_parcels_total{direction=\"out\",peer=\"b\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("runtime_cluster_refused_parcels_total{peer=\"b\",reason=\"epoch\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("runtime_cluster_refused_parcels_total{peer=\"b\",reason=\"session\"} 0\n"));
}

TEST(ClusterMetrics, NamesOfReasonsAreThoseOfTheirOwner) {
  base::manual_clock time;
  metrics_registry registry{time};
  constexpr std::array<std::string_view, 2> reasons{"protocol", "busy"};
  const cluster_metrics cluster{registry, reasons};
  cluster.refused_node(1);
  cluster.refused_node(7);  // Nothing: there is no such reason.
  EXPECT_THAT(registry.render(), HasSubstr("runtime_cluster_refused_nodes_total{reason=\"busy\"} 1\n"));
}

/// A single node has no links, so the test that compares a running node with the table does not see these.
TEST(ClusterMetrics, AreInTheTable) {
  base::manual_clock time;
  metrics_registry registry{time};
  const link_metrics link{registry, "b"};
  constexpr std::array<std::string_view, 1> reasons{"protocol"};
  const cluster_metrics cluster{registry, reasons};
  const auto catalogue =
      musiccorp::testing::read_catalogue(std::string{MUSICCORP_SOURCE_DIR} + "/monitoring/metrics.md");
  const auto text = registry.render();
  std::size_t found = 0;
  for (const auto& [name, metric] : catalogue) {
    if (!name.starts_with("runtime_cluster_")) continue;
    ++found;
    EXPECT_THAT(text, HasSubstr("# TYPE " + name + " " + metric.type + "\n"));
  }
  std::size_t declared = 0;
  for (auto at = text.find("# TYPE runtime_cluster_"); at != std::string::npos;
       at = text.find("# TYPE runtime_cluster_", at + 1))
    ++declared;
  EXPECT_EQ(found, declared);
}

}  // namespace
}  // namespace musiccorp::telemetry

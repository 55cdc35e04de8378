#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/little_world.hpp"
#include "unit/service/ward.hpp"

/// What reaches a service and is no message: counted everywhere, and kept where people can find it.
namespace musiccorp {
namespace {

using namespace ward;
using namespace std::chrono_literals;
using telemetry::stray_reason;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Closes the service for it.
std::vector<storage::entity_row> kept_by(testing::little_world& world, const std::string& service) {
  service::outgoing last;
  world.at(service).close({fault_kind::unavailable, "it is looked at", {}, {}}, last);
  return world.stores->open(service).value()->list("runtime.stray", {.limit = 1'000}).value();
}

class Strays : public ::testing::Test {
 protected:
  void stray_to(const std::string& service, const std::string& text) {
    world.at(service).strayed(text, stray_reason::unexpected);
    world.pass(1s);
  }
  [[nodiscard]] std::string metrics() { return registry.render(); }

  fate what;
  told story;
  base::manual_clock clock;
  telemetry::metrics_registry registry{clock};
  testing::little_world world{
      services(what, story),
      3,
      {},
      storage::memory_stores(),
      [this](const std::string& name, const auto&, service::partition_environment& environment) {
        environment.cell = telemetry::cell_metrics{registry, name};
      }};
};

TEST_F(Strays, OfTheHospitalItselfAreKeptByIt) {
  stray_to("hospital", "(something)");
  EXPECT_THAT(story.died, IsEmpty()) << "it does not listen to itself";
  const auto kept = kept_by(world, "hospital");
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_THAT(kept[0].body, AllOf(HasSubstr("(something)"), HasSubstr("no message of this program")));
  EXPECT_THAT(metrics(), HasSubstr(R"(runtime_strays_total{reason="unexpected",service="hospital"} 1)"));
}

TEST_F(Strays, ThatTheHospitalHearsOfAreCasesAndNowhereElse) {
  stray_to("listener", "(something)");
  EXPECT_THAT(story.died, SizeIs(1));
  EXPECT_THAT(kept_by(world, "listener"), IsEmpty());
  EXPECT_THAT(metrics(), HasSubstr(R"(runtime_strays_total{reason="unexpected",service="listener"} 1)"));
}

TEST_F(Strays, AreKeptUpToALimitTheNewestAndCountedToTheLast) {
  for (int i = 0; i < 150; ++i) stray_to("hospital", "stray " + std::to_string(i));
  const auto kept = kept_by(world, "hospital");
  ASSERT_THAT(kept, SizeIs(100));
  EXPECT_THAT(kept.front().body, HasSubstr("stray 50"));
  EXPECT_THAT(kept.back().body, HasSubstr("stray 149"));
  EXPECT_THAT(metrics(), HasSubstr(R"(runtime_strays_total{reason="unexpected",service="hospital"} 150)"));
}

/// On a node without a hospital.
TEST(StraysAlone, OfAServiceWithoutAHospitalAreKeptByIt) {
  service_definition lonely{"lonely"};
  lonely.on([](turn&, const show_heard& query) -> outcome { return heard{query.key, {}}; });
  testing::little_world world{{lonely}};
  world.at("lonely").strayed("(something)", stray_reason::undecodable);
  world.pass(1s);
  EXPECT_THAT(kept_by(world, "lonely"), SizeIs(1));
}

}  // namespace
}  // namespace musiccorp

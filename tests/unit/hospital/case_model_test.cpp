// The rules of a case against a small model of the same, which shares no code with them.
#include <gtest/gtest.h>

#include <set>

#include "ward_bench.hpp"

namespace musiccorp::hospital {
namespace {

/// What is known about one case, in plain words.
struct model_case {
  bool exists = false;
  std::string state{};
  int replay = 0;
  std::uint64_t version = 0;
  bool held = false;  ///< its discard

  void become(const std::string& next) {
    state = next;
    held = false;
    ++version;
  }
  [[nodiscard]] bool is_at(int of_replay) const { return exists && state == "replaying" && replay == of_replay; }

  void died(int of_replay) {
    if (!exists || of_replay > replay || is_at(of_replay)) {
      exists = true;
      replay = std::max(replay, of_replay);
      become("open");
    }
  }
  void healed(int of_replay) {
    if (!exists || (of_replay <= replay && !is_at(of_replay))) return;
    replay = of_replay;
    become("healed");
  }
  void replay_refused(int of_replay) {
    if (is_at(of_replay)) become("open");
  }
  void discarded() {
    if (exists && state != "healed" && state != "discarded") become("discarded");
  }
  void discard_refused() {
    if (exists && state == "discarding") become("open");
  }
  /// True when the action is legal.
  bool act(const std::string& next, std::uint64_t of_version) {
    const bool possible = next == "open" ? state == "discarding" && held : state == "open";
    if (!exists || !possible || of_version != version) return false;
    if (next == "replaying") ++replay;
    become(next);
    return true;
  }
};

class model_run {
 public:
  using transition = std::pair<std::string, std::uint64_t>;

  model_run(std::uint64_t seed, std::set<transition>& seen) : random_{seed}, seen_{seen} {}

  void step() {
    const auto seq = random_.below(models_.size());
    auto& model = models_[seq];
    const auto id = delivery::case_id_of("post", "order", seq + 1);
    // Mostly about the replay that the case is at, sometimes about an older or a newer one.
    const auto offset = random_.below(6);
    const auto of_replay = std::max(0, model.replay + (offset == 0 ? -1 : 0) + (offset == 1 && rare() ? 1 : 0));
    event_or_action(seq + 1, id, model, of_replay);
    expect_same(id, model);
  }

  [[nodiscard]] int refusals() const { return refusals_; }

 private:
  bool rare() { return random_.below(10) == 0; }

  void event_or_action(std::uint64_t seq, const std::string& id, model_case& model, int of_replay) {
    const auto choice = random_.below(9);
    seen_.insert({model.exists ? model.state : "none", choice});
    const auto version = rare() ? model.version + 1 - random_.below(3) : model.version;
    switch (choice) {
      case 0:
        shop_.run(hear_death, of_replay == 0 ? shop_.death(seq) : shop_.death_again(seq, of_replay));
        return model.died(of_replay);
      case 1:
        shop_.run(hear_healing, delivery::message_healed{id, of_replay, {}, shop_.bench.clock.now()});
        return model.healed(of_replay);
      case 2:
        shop_.run(hear_refusal, delivery::treatment_refused{id, "replay_message", of_replay, "no"});
        return model.replay_refused(of_replay);
      case 3:
        shop_.run(hear_burial, delivery::message_discarded{id, 0, shop_.bench.clock.now()});
        return model.discarded();
      case 4:
        shop_.run(hear_refusal, delivery::treatment_refused{id, "discard_message", 0, "no"});
        return model.discard_refused();
      case 5:
        return expect_verdict(model, "replaying", version, shop_.run(replay, replay_case{id, version, "kim", {}}));
      case 6: {
        const bool held = random_.below(2) == 0;
        const auto before = model.version;
        expect_verdict(model, "discarding", version,
                       shop_.run(discard, discard_case{id, version, "kim", "why", false, held ? 10 : 0}));
        model.held = model.version == before ? model.held : held;
        return;
      }
      case 7:
        return expect_verdict(model, "open", version, shop_.run(keep, keep_case{id, version, "kim", {}}));
      default:
        return expect_verdict(
            model, "replaying", version,
            shop_.run(
                edit,
                edit_case{id, version, "kim", "why", {R"({"parcel_id":"p","name":"n n","email":"e","weight":1})"}}));
    }
  }

  void expect_verdict(model_case& model, const std::string& next, std::uint64_t version, const outcome& said) {
    const bool exists = model.exists;
    const bool edited_too_often =
        said.is<base::rejected>() && said.is<base::rejected>()->text.find("times") != std::string::npos;
    if (edited_too_often) return;
    const bool legal = model.act(next, version);
    ASSERT_EQ(said.is<service::answer>() != nullptr, legal);
    if (legal) return;
    ++refusals_;
    ASSERT_EQ(status_of(said), exists ? 409 : 404);
  }

  void expect_same(const std::string& id, const model_case& model) {
    const auto file = shop_.bench.stored<case_file>(id);
    ASSERT_EQ(file.has_value(), model.exists);
    if (!file) return;
    ASSERT_EQ(describe::name_of(file->state), model.state);
    ASSERT_EQ(file->replay, model.replay);
    ASSERT_EQ(file->version, model.version);
    ASSERT_EQ(file->held_until.has_value(), model.held);
    ASSERT_EQ(file->closed_at != instant{}, is_closed(file->state));
    const auto row = shop_.list(list_cases{{.text = id}, 50, {}}).cases;
    ASSERT_EQ(row.size(), 1U);
    ASSERT_EQ(describe::to_json(row.front()), describe::to_json(summary_of(*file)));
  }

  base::random_source random_;
  ward_bench shop_;
  std::array<model_case, 9> models_{};
  std::set<transition>& seen_;
  int refusals_ = 0;
};

TEST(CaseModel, AgreesWithTheRulesOverThousandsOfSteps) {
  std::set<model_run::transition> seen;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    model_run run{seed, seen};
    for (int step = 0; step < 3'000 && !::testing::Test::HasFatalFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      run.step();
    }
    EXPECT_GT(run.refusals(), 500);
  }
  EXPECT_EQ(seen.size(), 54U) << "every event and action in every state";
}

}  // namespace
}  // namespace musiccorp::hospital

// Thousands of random supervisors against the reference: the same starts and stops in the same order, the same
// answers, the same budget, the same end. A failure names its seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/supervision/reference_supervisor.hpp"

namespace musiccorp::supervision::testing {
namespace {

class duel {
 public:
  explicit duel(std::uint64_t seed) : random_(seed) {
    supervisor_options options;
    options.strategy =
        pick({restart_strategy::one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one});
    options.intensity = static_cast<std::uint32_t>(random_.below(8));
    options.period = duration{static_cast<duration::rep>(1 + random_.below(100))};
    options.shutdown = pick({auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant});
    std::vector<child_spec> list;
    for (auto count = random_.below(7); count > 0; --count) list.push_back(random_spec(options));
    real_.emplace(options, list, seed);
    model_.emplace(options, list);
  }

  void run() {
    maybe_fail_starts();
    real_->start();
    model_->start();
    compare();
    for (int step = 0; step < 60 && !model_->ended && !::testing::Test::HasFailure(); ++step) {
      maybe_fail_starts();
      one_step();
      compare();
    }
    if (!model_->ended) {
      real_->stop();
      model_->end(end_kind::shutdown);
      compare();
    }
    EXPECT_TRUE(real_->running.empty());
  }

 private:
  template <class T>
  T pick(std::initializer_list<T> from) {
    return *(from.begin() + random_.below(from.size()));
  }
  child_spec random_spec(const supervisor_options& options) {
    auto made = spec("c" + std::to_string(random_.below(1000)) + "-" + std::to_string(++ids_),
                     pick({restart_kind::permanent, restart_kind::transient, restart_kind::temporary}));
    made.significant =
        made.restart != restart_kind::permanent && options.shutdown != auto_shutdown::never && random_.below(2) == 0;
    return made;
  }
  std::string some_id() {
    if (model_->members.empty() || random_.below(10) == 0) return "stranger";
    return model_->members[random_.below(model_->members.size())].spec.id;
  }
  void maybe_fail_starts() {
    if (random_.below(4) != 0) return;
    const auto id = some_id();
    const auto count = static_cast<int>(random_.below(4));
    model_->failing_starts[id] = count;
    real_->children[id].failing_starts = count;
  }
  void one_step() {
    const auto id = some_id();
    switch (random_.below(9)) {
      case 0:
      case 1:
      case 2:
        if (real_->runs(id)) ends(id, end_kind::crash);
        return;
      case 3:
        if (real_->runs(id)) ends(id, pick({end_kind::normal, end_kind::shutdown, end_kind::killed}));
        return;
      case 4: {
        auto added = random_spec(model_->options);
        if (random_.below(4) == 0) added.id = id;
        if (random_.below(4) == 0) model_->failing_starts[added.id] = real_->children[added.id].failing_starts = 1;
        return answers(real_->start_child(added), model_->start_child(added));
      }
      case 5:
        return answers(real_->terminate_child(id), model_->terminate_child(id));
      case 6:
        return answers(real_->restart_child(id), model_->restart_child(id));
      case 7:
        return answers(real_->delete_child(id), model_->delete_child(id));
      default: {
        const duration time{static_cast<duration::rep>(random_.below(60))};
        real_->pass(time);
        model_->now += time;
      }
    }
  }
  void ends(const std::string& id, end_kind why) {
    real_->end(id, {why, "as told", {}});
    model_->ends(id, why);
  }
  void answers(command_token token, outcome wanted) { EXPECT_EQ(real_->answer(token), wanted); }

  void compare() {
    real_->pass(0us);
    std::string story;
    for (const auto& line : std::exchange(model_->trace, {})) story += (story.empty() ? "" : ", ") + line;
    EXPECT_EQ(real_->story(), story);
    ASSERT_EQ(real_->has_ended(), model_->ended.has_value());
    if (model_->ended) {
      EXPECT_EQ(real_->ended->kind, *model_->ended);
      return;
    }
    EXPECT_EQ(real_->rules.budget_left(real_->now), model_->budget_left());
    std::vector<std::string> ids;
    for (const auto& one : model_->members) {
      ids.push_back(one.spec.id);
      EXPECT_EQ(real_->runs(one.spec.id), one.state == child_state::up) << one.spec.id;
    }
    EXPECT_EQ(real_->rules.ids(), ids);
    EXPECT_EQ(real_->rules.counts().active, real_->running.size());
  }

  base::random_source random_;
  int ids_ = 0;
  std::optional<rules_world> real_;
  std::optional<reference_supervisor> model_;
};

TEST(RandomSupervisors, TellTheSameStoryAsTheReference) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    duel{seed}.run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace musiccorp::supervision::testing

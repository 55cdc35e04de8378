// The whole story of messages that fail, wait, die, are replayed, edited and discarded, while processes die, links
// break and stores fail, all in an order that a seed chooses. What must be true at the end is read from the logs.
#include <cstdlib>
#include <span>

#include "unit/service/story_world.hpp"

namespace musiccorp {
namespace {

using namespace ward;
using ::testing::IsEmpty;

/// All that was said about one dead letter, in the order of the listener's log.
struct case_file {
  std::uint64_t seq = 0;
  std::vector<message_died> died;
  std::vector<message_healed> healed;
  std::vector<message_discarded> discarded;
  std::size_t refused = 0;
  std::map<std::int32_t, std::size_t> refused_replays;
  std::size_t asked = 0;  ///< treatments that the hospital asked for
  std::map<std::int32_t, std::size_t> asked_replays;
  std::map<std::int32_t, std::string> payloads;
};

struct totals {
  std::size_t published = 0, died = 0, died_again = 0, healed = 0, discarded = 0, followers = 0, refused = 0,
              edited = 0, deaths = 0, alone = 0;
};

/// Reads the logs of a story that has ended, and compares them with what was counted on its way.
class verdict_on {
 public:
  explicit verdict_on(story_world& story) : story_{story} {
    for (const auto& key : story_world::keys) heard_[key] = story.listened(key);
    for (const auto& message : story.log_of("speaker")) said_[message.seq] = read<said>(message);
    for (const auto& message : story.log_of("hospital")) note_asked(message);
    for (const auto& message : story.log_of("listener")) note_told(message);
  }

  void expect_all(totals& sum) {
    expect_nothing_waits();
    expect_answers_tell_what_is_in_the_log();
    expect_the_hospital_heard_everything_once();
    for (auto& [id, file] : cases_) {
      SCOPED_TRACE("case " + id);
      if (file.died.empty()) {
        EXPECT_EQ(file.asked, file.refused) << "of what never died";
        continue;
      }
      expect_every_treatment_is_answered(file);
      expect_each_death_once(file);
      expect_exact_attempts(file);
      expect_guilty(file);
      note_end(file, sum);
    }
    for (const auto& key : story_world::keys) expect_heard(key);
    EXPECT_THAT(story_.misuse(), IsEmpty());
    sum.published += said_.size();
    sum.alone += story_.world().ran_alone();
  }

 private:
  template <class M>
  static M read(const envelope& message) {
    return describe::from_json<M>(message.payload).value();
  }
  template <class M>
  static bool is(const envelope& message) {
    return message.type == describe::name_of<M>();
  }

  void note_asked(const envelope& message) {
    auto& file = cases_[message.key];
    ++file.asked;
    if (!is<replay_message>(message)) return;
    const auto one = read<replay_message>(message);
    ++file.asked_replays[one.replay];
    if (!one.payload.empty()) file.payloads[one.replay] = one.payload;
  }
  void note_told(const envelope& message) {
    auto& file = cases_[message.key];
    ++told_[message.type];
    if (is<message_died>(message)) file.died.push_back(read<message_died>(message));
    if (is<message_healed>(message)) file.healed.push_back(read<message_healed>(message));
    if (is<message_discarded>(message)) file.discarded.push_back(read<message_discarded>(message));
    if (!is<treatment_refused>(message)) return;
    ++file.refused;
    if (const auto one = read<treatment_refused>(message); one.treatment == "replay_message")
      ++file.refused_replays[one.replay];
  }

  void expect_nothing_waits() {
    for (const auto* queue : {"speaker:listener", "listener:hospital", "hospital:listener"}) {
      const auto books = story_.world().books(queue);
      EXPECT_EQ(books.dead + books.retrying + books.parked + books.ready, 0U) << queue;
      EXPECT_EQ(books.published, books.processed + books.discarded) << queue;
    }
    EXPECT_EQ(story_.world().books("speaker:listener").published, said_.size());
  }
  void expect_answers_tell_what_is_in_the_log() {
    ASSERT_EQ(story_.published().size(), said_.size());
    for (const auto& [seq, one] : story_.published()) EXPECT_EQ(said_.at(seq).text, one.text);
  }
  void expect_the_hospital_heard_everything_once() {
    const auto& heard = story_.hospital_heard();
    std::map<std::string, std::size_t> next;
    for (const auto& one : heard.died) {
      const auto at = next[one.case_id]++;
      ASSERT_LT(at, cases_[one.case_id].died.size()) << one.case_id;
      EXPECT_EQ(one.replay, cases_[one.case_id].died[at].replay) << one.case_id;
    }
    EXPECT_EQ(heard.died.size(), told_["message.died"]);
    EXPECT_EQ(heard.healed.size(), told_["message.healed"]);
    EXPECT_EQ(heard.discarded.size(), told_["message.discarded"]);
    EXPECT_EQ(heard.refused.size(), told_["treatment.refused"]);
  }
  static void expect_every_treatment_is_answered(const case_file& file) {
    EXPECT_LE(file.healed.size() + file.discarded.size(), 1U);
    EXPECT_EQ(file.asked, file.refused + file.died.size() - 1 + file.healed.size() + file.discarded.size());
  }
  static void expect_each_death_once(const case_file& file) {
    EXPECT_EQ(file.died.front().replay, 0);
    for (std::size_t i = 1; i < file.died.size(); ++i) EXPECT_LT(file.died[i - 1].replay, file.died[i].replay);
    for (const auto& one : file.healed) EXPECT_LT(file.died.back().replay, one.replay);
  }

  /// All attempts of the story, from its last death and its healing: failed ones, and the one that healed it.
  static std::vector<attempt_record> attempts_of(const case_file& file) {
    auto all = file.died.back().attempts;
    if (!file.healed.empty())
      all.insert(all.end(), file.healed.front().attempts.begin(), file.healed.front().attempts.end());
    return all;
  }
  void expect_exact_attempts(const case_file& file) {
    const auto& facts = story_.facts(file.died.front().seq);
    for (const auto& death : file.died) {
      ASSERT_EQ(death.attempts_made, death.attempts.size());
      ASSERT_FALSE(death.attempts.empty()) << "it died for nothing";
      EXPECT_TRUE(
          std::ranges::equal(death.attempts, std::span{file.died.back().attempts}.first(death.attempts.size())))
          << "the past has changed";
    }
    const auto attempts = attempts_of(file);
    std::vector<std::string> tags;
    int deaths = 0;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      EXPECT_EQ(attempts[i].number, static_cast<std::int32_t>(i + 1));
      EXPECT_EQ(attempts[i].outcome == "healed", !file.healed.empty() && i + 1 == attempts.size());
      if (attempts[i].outcome == "healed") continue;
      if (attempts[i].outcome == "killed the process")
        ++deaths;
      else
        tags.push_back(attempts[i].text);
    }
    EXPECT_EQ(deaths, facts.deaths.attempts);
    std::vector<std::string> expected;
    for (const auto& one : facts.trials) {
      const auto expired = "not yet for too long: " + one.tag;
      if (one.how == trial::end::failed) expected.push_back(one.tag);
      if (one.how == trial::end::deferred && std::ranges::find(tags, expired) != tags.end())
        expected.push_back(expired);
    }
    EXPECT_EQ(tags, expected) << "the rule's own failures, each once, in their order";
  }
  void expect_guilty(const case_file& file) {
    const bool is_killer = mood{said_.at(file.died.front().seq).text}.is("killer");
    for (const auto& death : file.died)
      EXPECT_TRUE(is_killer || !mood{read<said>(death.message).text}.is_innocent()) << death.error;
  }

  void note_end(const case_file& file, totals& sum) {
    const auto seq = file.died.front().seq;
    for (const auto& [number, payload] : file.payloads) {
      const auto refused = file.refused_replays.find(number);
      if (refused != file.refused_replays.end() && refused->second == file.asked_replays.at(number)) continue;
      edited_[seq] = describe::from_json<said>(payload).value().text;
    }
    sum.died += 1;
    sum.died_again += file.died.size() - 1;
    sum.healed += file.healed.size();
    sum.refused += file.refused;
    sum.edited += edited_.contains(seq) ? 1U : 0U;
    sum.deaths += static_cast<std::size_t>(story_.facts(seq).deaths.attempts);
    if (file.discarded.empty()) return;
    sum.discarded += 1;
    sum.followers += file.discarded.front().followers;
    buried_.insert(seq);
    auto left = file.discarded.front().followers;  // The next ones of its key: a dead letter keeps them behind it.
    for (auto later = said_.upper_bound(seq); left > 0 && later != said_.end(); ++later) {
      if (later->second.key != said_.at(seq).key) continue;
      EXPECT_TRUE(buried_.insert(later->first).second) << later->first;
      --left;
    }
    EXPECT_EQ(left, 0U);
  }

  void expect_heard(const std::string& key) {
    std::vector<std::string> expected;
    for (const auto& [seq, one] : said_)
      if (one.key == key && !buried_.contains(seq))
        expected.push_back(edited_.contains(seq) ? edited_.at(seq) : one.text);
    auto heard = heard_.at(key);
    if (!story_.is_ordered()) {
      std::ranges::sort(expected);
      std::ranges::sort(heard);
    }
    EXPECT_EQ(heard, expected) << "of key " << key;
  }

  story_world& story_;
  std::map<std::string, std::vector<std::string>> heard_;
  std::map<std::uint64_t, said> said_;  ///< the speaker's log
  std::map<std::string, case_file> cases_;
  std::map<std::string, std::size_t> told_;  ///< events in the listener's log by type
  std::map<std::uint64_t, std::string> edited_;
  std::set<std::uint64_t> buried_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// For longer: MUSICCORP_STORIES=10000, and MUSICCORP_SEED for the first one.
TEST(StoryProperty, EveryMessageIsHeardOnceInOrderOrDiscardedByWhoeverSaidSo) {
  const auto first = number_from("MUSICCORP_SEED", 1);
  const auto stories = number_from("MUSICCORP_STORIES", 200);
  totals sum;
  for (auto seed = first; seed < first + stories; ++seed) {
    SCOPED_TRACE("MUSICCORP_STORIES=1 MUSICCORP_SEED=" + std::to_string(seed));
    story_world story{seed};
    for (int step = 0; step < 80 && !HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      story.step();
    }
    story.come_to_rest();
    if (HasFailure()) return;
    verdict_on{story}.expect_all(sum);
    if (HasFailure()) return;
  }
  std::printf(
      "%zu messages: %zu died, %zu of them again, %zu were healed (%zu edited), %zu were discarded and %zu "
      "with them, %zu treatments were refused, %zu process deaths were charged, %zu tries ran alone\n",
      sum.published, sum.died, sum.died_again, sum.healed, sum.edited, sum.discarded, sum.followers, sum.refused,
      sum.deaths, sum.alone);
  if (stories < 100) return;
  for (const auto count : {sum.died_again, sum.edited, sum.followers, sum.refused, sum.deaths, sum.alone})
    EXPECT_GT(count, stories / 10) << "these stories tell too little";
}

}  // namespace
}  // namespace musiccorp

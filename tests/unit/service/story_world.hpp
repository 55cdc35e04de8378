#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "support/faulty_store.hpp"
#include "support/little_world.hpp"
#include "unit/service/story_model.hpp"
#include "unit/service/ward.hpp"

namespace musiccorp::ward {

using namespace std::chrono_literals;

/// The ward, and everything that can happen to it, in an order that the seed chooses.
class story_world {
 public:
  explicit story_world(std::uint64_t seed) : random_{seed}, ordered_{seed % 5 != 0} {
    what_.first = [this](turn& now, const said& event) { return take(now, event); };
    faults_->when_ended([this](bool committed) { transaction_ended(committed); });
    world_ = std::make_unique<testing::little_world>(services(what_, now_told_), seed, limits(seed),
                                                     std::make_unique<testing::faulty_stores>(faults_));
  }

  void step() {
    switch (random_.below(24)) {
      case 0:
        world_->restart(any_service());
        break;
      case 1:
      case 2:
        kill_the_process();
        break;
      case 3:
        cut_or_mend();
        break;
      case 4:
        faults_->fail_call(1 + random_.below(60));
        break;
      case 5:
        break_or_heal();
        break;
      case 6:
        cured_.insert(1 + random_.below(said_ + 1));  // A mend is deployed.
        break;
      case 7:
      case 8:
      case 9:
        discard(random_.below(2) == 0);
        break;
      case 10:
      case 11:
      case 12:
      case 13:
        replay();
        break;
      default:
        speak();
    }
    if (random_.below(3) == 0) world_->pass(std::chrono::milliseconds{random_.below(60)});
    if (random_.below(3) != 0) world_->settle();
    expect_balanced();
  }

  /// Faults stop, everything is mended, and what is dead is replayed or discarded.
  void come_to_rest() {
    faults_->heal();
    for (const auto& [from, to] : std::exchange(cut_, {})) mend(from, to);
    all_cured_ = true;
    for (int round = 0; round < 50; ++round) {
      world_->pass(2s);
      expect_balanced();
      const auto rows = world_->at("listener").waiting_rows().value();
      if (rows.empty()) return;
      for (const auto& row : rows) {
        if (row.state != storage::waiting_state::dead) continue;
        if (random_.below(3) == 0)
          discard_one({"listener.speaker." + std::to_string(row.seq), row.seq}, random_.below(2) == 0);
        else
          replay_one({"listener.speaker." + std::to_string(row.seq), row.seq},
                     std::max(row.replay, replays_[row.seq]) + 1);
      }
    }
    ADD_FAILURE() << "something waits for ever";
  }

  [[nodiscard]] std::vector<std::string> listened(const std::string& key) {
    const auto token = world_->ask("listener", show_heard{key});
    world_->settle();
    return describe::from_json<heard>(std::get<request::answer>(world_->reply(token).value()).payload).value().texts;
  }
  /// Closes the service and reads its whole log.
  [[nodiscard]] std::vector<envelope> log_of(const std::string& service) {
    service::outgoing out;
    world_->at(service).close({fault_kind::unavailable, "the story is over", {}, {}}, out);
    auto store = world_->stores->open(service).value();
    return store->read_log(0, {1'000'000, 1'000'000'000}).value();
  }
  [[nodiscard]] testing::little_world& world() { return *world_; }
  [[nodiscard]] bool is_ordered() const { return ordered_; }
  [[nodiscard]] const told& hospital_heard() const { return now_told_; }
  [[nodiscard]] const message_facts& facts(std::uint64_t seq) { return facts_[seq]; }
  [[nodiscard]] std::vector<std::string> misuse() const { return faults_->misuse(); }
  /// What the speaker says that it has published, by seq.
  [[nodiscard]] const std::map<std::uint64_t, said>& published() const { return published_; }

  static inline const std::vector<std::string> keys{"k0", "k1", "k2", "k3"};

 private:
  struct case_name {
    std::string id;
    std::uint64_t seq = 0;
  };

  static service::partition_limits limits(std::uint64_t seed) {
    service::partition_limits made;
    made.retry = {3, 10ms, 20ms};
    if (seed % 5 == 0) made.order = delivery::order_policy::none;
    if (seed % 3 == 0) made.parked_per_key_max = 2;
    if (seed % 7 == 0) made.parked_max = 4;
    made.batch_messages = seed % 2 == 0 ? 4 : 64;
    made.window_messages = 1 + seed % 4;
    made.outbox.tail_messages = 1;  // So that the log is read, too.
    made.log_kept = made.answers_kept = std::chrono::hours{1'000'000};
    made.attempts_told = 10'000;
    return made;
  }

  // --- what happens ---

  void speak() {
    auto name = std::to_string(++said_);
    if (said_ > 3 && random_.below(6) == 0) name = std::to_string(1 + random_.below(said_ - 1));  // Asked once more.
    auto& one = sayings_[name];
    if (one.text.empty()) one = {name, any_key(), name + "/" + any_mood()};
    unanswered_.emplace_back(world_->ask("speaker", one, "say-" + name), name);
  }
  std::string any_mood() {
    static const std::vector<std::string> moods{"fine",    "fine",   "fine",   "fine",         "throw",
                                                "never",   "busy1",  "busy2",  "later2",       "awaitk0",
                                                "awaitk3", "killer", "killer", "killer+busy2", "killer+throw"};
    return moods[random_.below(moods.size())];
  }
  std::string any_key() { return keys[random_.below(keys.size())]; }
  std::string any_service() {
    static const std::vector<std::string> names{"speaker", "listener", "hospital"};
    return names[random_.below(names.size())];
  }

  /// Of a dead letter that was heard of, or of something that nobody knows.
  std::optional<case_name> any_case() {
    if (now_told_.died.empty()) return std::nullopt;
    const auto& one = now_told_.died[random_.below(now_told_.died.size())];
    if (random_.below(20) == 0) return case_name{one.case_id, 1'000'000};
    return case_name{one.case_id, one.seq};
  }
  void replay() {
    const auto one = any_case();
    if (!one) return;
    auto& number = replays_[one->seq];
    replay_one(*one, random_.below(10) == 0 && number > 0 ? number : number + 1);
  }
  /// One number means one thing, however often it is asked for.
  void replay_one(const case_name& one, std::int32_t number) {
    replays_[one.seq] = std::max(replays_[one.seq], number);
    const auto [payload, is_new] = payloads_.try_emplace({one.seq, number});
    if (is_new && random_.below(4) == 0 && published_.contains(one.seq)) payload->second = edited(one.seq, number);
    world_->ask("hospital", treat_replay{one.id, "speaker", one.seq, number, payload->second});
  }
  std::string edited(std::uint64_t seq, std::int32_t number) {
    const auto& event = published_.at(seq);
    auto how = any_mood();
    if (mood{event.text}.is("killer") && mood{how}.is("await")) how = "fine";  // Keeps the death_account simple.
    return describe::to_json(said{event.key, std::to_string(seq) + " edited " + std::to_string(number) + "/" + how});
  }
  void discard(bool with_followers) {
    if (const auto one = any_case(); one && random_.below(2) == 0) discard_one(*one, with_followers);
  }
  void discard_one(const case_name& one, bool with_followers) {
    world_->ask("hospital", treat_discard{one.id, "speaker", one.seq, with_followers});
  }

  void cut_or_mend() {
    if (!cut_.empty() && random_.below(3) != 0) {
      const auto [from, to] = *cut_.begin();
      cut_.erase(cut_.begin());
      return mend(from, to);
    }
    const auto from = any_service();
    const auto to = any_service();
    if (from == to || !cut_.emplace(std::min(from, to), std::max(from, to)).second) return;
    cut({std::min(from, to), std::max(from, to)});
  }
  void cut(const std::pair<std::string, std::string>& link) {
    world_->cut(link.first, link.second);
    world_->cut(link.second, link.first);
  }
  void mend(const std::string& from, const std::string& to) {
    world_->mend(from, to);
    world_->mend(to, from);
  }
  void break_or_heal() {
    using enum testing::store_call;
    static const std::vector<std::set<testing::store_call>> ways{{commit}, {begin}, {write},   {append},
                                                                 {read},   {open},  {read_log}};
    if (std::exchange(broken_, !broken_))
      faults_->heal();
    else
      faults_->fail_all(ways[random_.below(ways.size())]);
  }

  // --- deaths of the process ---

  /// Messages that may have been with the listener when it died: the next ones of the log, and those whose turn it
  /// is.
  std::vector<std::uint64_t> may_be_running() {
    const auto received = world_->books("speaker:listener").received;
    const auto& room = world_->at("listener").waiting();
    std::vector<std::uint64_t> found;
    for (const auto& mark : room.all()) {
      auto& deaths = facts_[mark.seq].deaths;
      if (mark.state == storage::waiting_state::dead) deaths.condemned = false;  // Until it is replayed.
      const bool is_head = mark.state != storage::waiting_state::dead && mark.state != storage::waiting_state::parked;
      if (is_head && !deaths.condemned) found.push_back(mark.seq);
    }
    for (auto seq = received + 1; seq <= received + 3; ++seq)
      if (published_.contains(seq) && !facts_[seq].deaths.condemned) found.push_back(seq);
    return found;
  }
  /// Some deaths in a row, while the next messages are on their way.
  void kill_the_process() {
    faults_->heal();
    broken_ = false;
    const std::pair<std::string, std::string> link{"listener", "speaker"};
    if (cut_.insert(link).second) cut(link);
    speak();
    for (auto deaths = 1 + random_.below(3); deaths > 0; --deaths) {
      if (!world_->at("listener").is_open()) world_->pass(10ms);
      world_->settle();
      note_published();
      if (const auto running = may_be_running(); !running.empty()) die_with(running);
    }
    if (random_.below(4) == 0) return;
    cut_.erase(link);
    mend(link.first, link.second);
  }
  void die_with(const std::vector<std::uint64_t>& running) {
    auto guess = running[random_.below(running.size())];
    for (const auto seq : running)  // One that is suspected already meets the next death more often than others.
      if (facts_[seq].deaths.deaths + facts_[seq].deaths.unexplained > 0 && random_.below(2) == 0) guess = seq;
    const auto& account = facts_[guess].deaths;
    const bool is_killer = mood{published_.at(guess).text}.is("killer");
    const bool may_be_alone = is_killer || account.kills_alone + 1 < death_account::kills_alone_max;
    auto why = delivery::evidence::killed;
    std::vector<delivery::finding> findings;
    if (is_killer && random_.below(2) == 0) {
      why = delivery::evidence::signal;
      for (const auto seq : running)
        findings.push_back(finding_of(seq, seq == guess ? delivery::charge::charged : delivery::charge::none));
    } else if (may_be_alone && random_.below(2) == 0) {
      if (is_killer && random_.below(2) == 0) why = delivery::evidence::out_of_memory;
      findings.push_back(finding_of(guess, delivery::charge::suspect));
      findings.back().alone = true;
    } else {
      for (const auto seq : running)
        if (random_.below(2) == 0) findings.push_back(finding_of(seq, delivery::charge::suspect));
    }
    world_->die("listener", findings, why);
    for (const auto& one : findings) facts_[one.seq].deaths.found(one, why);
  }
  static delivery::finding finding_of(std::uint64_t seq, delivery::charge what) {
    delivery::finding made;
    made.cell = "listener";
    made.upstream = base::stable_hash("speaker");
    made.seq = seq;
    made.what = what;
    made.text = "the process died";
    return made;
  }

  // --- what the listener does, and what of it was committed ---

  std::optional<outcome> take(turn& now, const said& event) {
    const auto seq = now.message().seq;
    const mood how{event.text};
    const auto tag = "try " + std::to_string(++tries_);
    const auto fail = [&](trial::end end) { pending_.push_back({seq, end, tag}); };
    if (!all_cured_ && !cured_.contains(seq)) {
      if (how.is("throw")) {
        fail(trial::end::failed);
        throw std::runtime_error{tag};
      }
      if (how.is("never")) {
        fail(trial::end::failed);
        return fault{fault_kind::invalid, tag, {}, {}};
      }
      if (how.is("busy") && tried(seq, trial::end::failed) < how.times()) {
        fail(trial::end::failed);
        return fault{fault_kind::busy, tag, {}, {}};
      }
      if (how.is("later") && tried(seq, trial::end::deferred) < how.times()) {
        fail(trial::end::deferred);
        return not_yet{tag, 5ms};
      }
      if (how.is("await") && !now.find<heard>(how.key())) {
        fail(trial::end::deferred);
        return not_yet::until<heard>(how.key(), tag, 200ms);
      }
    }
    fail(trial::end::heard);
    return std::nullopt;
  }
  std::size_t tried(std::uint64_t seq, trial::end how) {
    auto times = facts_[seq].count(how);
    for (const auto& one : pending_) times += one.seq == seq && one.how == how ? 1U : 0U;
    return times;
  }
  void transaction_ended(bool committed) {
    if (committed) {
      for (auto& one : pending_) facts_[one.seq].add(std::move(one));
      told_before_ = {now_told_.died.size(), now_told_.healed.size(), now_told_.discarded.size(),
                      now_told_.refused.size()};
    } else {
      now_told_.died.resize(told_before_[0]);
      now_told_.healed.resize(told_before_[1]);
      now_told_.discarded.resize(told_before_[2]);
      now_told_.refused.resize(told_before_[3]);
    }
    pending_.clear();
  }

  void expect_balanced() {
    for (const auto* queue : {"speaker:listener", "listener:hospital", "hospital:listener"}) {
      const auto books = world_->books(queue);
      EXPECT_GE(books.published, books.received) << queue;
      EXPECT_EQ(books.published,
                books.processed + books.dead + books.discarded + books.retrying + books.parked + books.ready)
          << queue;
    }
    note_published();
  }
  /// What is in the speaker's log is known from its answers: it answers in the order in which it was asked.
  void note_published() {
    std::erase_if(unanswered_, [this](const auto& asked) {
      const auto reply = world_->reply(asked.first);
      if (!reply) return false;
      const auto& one = sayings_.at(asked.second);
      if (std::holds_alternative<request::answer>(*reply) && published_names_.insert(one.id).second)
        published_[published_names_.size()] = {one.key, one.text};
      return true;
    });
  }

  base::random_source random_;
  bool ordered_;
  std::shared_ptr<testing::store_faults> faults_ = std::make_shared<testing::store_faults>();
  fate what_;
  told now_told_;  ///< what the hospital heard in turns that were committed, and in the one that runs
  std::array<std::size_t, 4> told_before_{};
  std::unique_ptr<testing::little_world> world_;
  std::uint64_t said_ = 0;
  std::uint64_t tries_ = 0;
  std::map<std::string, say> sayings_;                             ///< by name
  std::vector<std::pair<std::uint64_t, std::string>> unanswered_;  ///< request and name
  std::set<std::string> published_names_;
  std::map<std::uint64_t, said> published_;        ///< by seq
  std::map<std::uint64_t, std::int32_t> replays_;  ///< the newest number that was asked for
  std::map<std::pair<std::uint64_t, std::int32_t>, std::string> payloads_;
  std::map<std::uint64_t, message_facts> facts_;
  std::vector<trial> pending_;
  std::set<std::uint64_t> cured_;
  std::set<std::pair<std::string, std::string>> cut_;
  bool all_cured_ = false;
  bool broken_ = false;
};

}  // namespace musiccorp::ward

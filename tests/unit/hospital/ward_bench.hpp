#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hospital/audit.hpp"
#include "hospital/batch_file.hpp"
#include "hospital/batch_rules.hpp"
#include "hospital/case_actions.hpp"
#include "hospital/case_index.hpp"
#include "hospital/case_queries.hpp"
#include "hospital/case_rules.hpp"
#include "hospital/group_rules.hpp"
#include "support/rule_bench.hpp"

/// The hospital's rules over a store in memory, and the messages of services by hand.
namespace musiccorp::hospital {

/// The message that dies in these tests.
struct parcel {
  std::string parcel_id{};
  std::string name{};
  std::string email{};
  std::int64_t weight = 0;

  static constexpr auto describe() {
    return describe_as("parcel", 1, key("parcel_id", &parcel::parcel_id), field("name", &parcel::name, pii),
                       field("email", &parcel::email, pii), field("weight", &parcel::weight, at_least(0)));
  }
};

class ward_bench {
 public:
  explicit ward_bench(hospital_settings settings = {},
                      std::unique_ptr<storage::store> store = storage::make_memory_store())
      : in{{}, settings}, bench{"hospital", std::move(store)} {
    in.types.add<parcel>();
  }

  /// Runs a rule that works with the ward.
  template <class Message>
  outcome run(outcome (*rule)(turn&, const Message&, const ward&), const Message& message) {
    bench.clock.advance(duration{1});  // No two turns at one time.
    return bench.run([&](turn& now, const Message& one) { return rule(now, one, in); }, message);
  }
  /// The same for one that asks first; `answer` is what it hears.
  template <class Message, class Answer>
  outcome run(outcome (*rule)(turn&, const Message&, const Answer&, const ward&), const Message& message,
              const Answer& answer) {
    bench.clock.advance(duration{1});
    return bench.run([&](turn& now, const Message& one) { return rule(now, one, answer, in); }, message);
  }
  template <class Message>
  outcome run(outcome (*rule)(turn&, const Message&), const Message& message) {
    return bench.run(rule, message);
  }

  /// The first death of order's message number `seq` at the post.
  [[nodiscard]] delivery::message_died death(std::uint64_t seq, std::string error = "the scales are broken") const {
    delivery::message_died event;
    event.service = "post";
    event.upstream = "order";
    event.seq = seq;
    event.case_id = delivery::case_id_of(event.service, event.upstream, seq);
    event.reason = "attempts";
    event.error = std::move(error);
    event.attempts_made = 2;
    for (std::int32_t number : {1, 2})
      event.attempts.push_back({number,
                                0,
                                bench.clock.now(),
                                bench.clock.now(),
                                number == 1 ? "retried" : "died",
                                "busy",
                                event.error,
                                {},
                                "shop",
                                "0.1"});
    event.first_failed = event.died = bench.clock.now();
    event.message.id = "m-" + std::to_string(seq);
    event.message.type = "parcel";
    event.message.key = "p-" + std::to_string(seq);
    event.message.source = "order";
    event.message.seq = seq;
    event.message.correlation = "conversation-" + std::to_string(seq);
    event.message.payload = describe::to_json(parcel{event.message.key, "Ada Lovelace", "ada@example.org", 7});
    return event;
  }
  /// The same after a replay.
  [[nodiscard]] delivery::message_died death_again(std::uint64_t seq, std::int32_t replay,
                                                   std::string error = "the scales are broken") const {
    auto event = death(seq, std::move(error));
    event.replay = replay;
    event.attempts_made = 2 + static_cast<std::uint64_t>(replay);
    event.attempts = {
        {2 + replay, replay, bench.clock.now(), bench.clock.now(), "died", "busy", event.error, {}, {}, {}}};
    return event;
  }

  std::string died(std::uint64_t seq, std::string error = "the scales are broken") {
    const auto event = death(seq, std::move(error));
    run(hear_death, event);
    bench.clock.advance(std::chrono::milliseconds{1});
    return event.case_id;
  }
  void died_again(const std::string& case_id, std::string error = "the scales are broken") {
    const auto one = file(case_id);
    run(hear_death, death_again(one.seq, one.replay, std::move(error)));
  }
  void healed(const std::string& case_id) {
    run(hear_healing, delivery::message_healed{case_id, file(case_id).replay, {}, bench.clock.now()});
  }
  void discarded(const std::string& case_id) {
    run(hear_burial, delivery::message_discarded{case_id, 0, bench.clock.now()});
  }
  void refused(const std::string& case_id, std::string treatment = "replay_message", std::string why = "not here") {
    run(hear_refusal,
        delivery::treatment_refused{case_id, std::move(treatment), file(case_id).replay, std::move(why)});
  }

  [[nodiscard]] case_file file(const std::string& case_id) { return bench.stored<case_file>(case_id).value(); }
  [[nodiscard]] case_detail shown(const std::string& case_id) {
    return run(answer_case, show_case{case_id}, behind).as<case_detail>();
  }

  outcome order_replay(const std::string& case_id) {
    return run(replay, replay_case{case_id, file(case_id).version, "kim", "fixed"});
  }
  outcome order_discard(const std::string& case_id) {
    return run(discard, discard_case{case_id, file(case_id).version, "kim", "a test parcel", false});
  }
  outcome order_edit(const std::string& case_id, std::string payload) {
    return run(edit, edit_case{case_id, file(case_id).version, "kim", "wrong weight", {std::move(payload)}});
  }

  template <class Query>
  [[nodiscard]] case_page list(Query query) {
    return run(answer_cases, query).template as<case_page>();
  }
  /// Every case that the filter finds, page by page.
  [[nodiscard]] std::vector<case_summary> list_all(list_cases query) {
    std::vector<case_summary> all;
    do {
      auto page = list(query);
      for (auto& one : page.cases) all.push_back(std::move(one));
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return all;
  }

  ward in;
  testing::rule_bench bench;
  std::optional<delivery::lane_followers> behind{};  ///< what the post says of a case; missing: it does not answer
};

[[nodiscard]] inline int status_of(const outcome& said) {
  const auto* no = said.is<base::rejected>();
  return no ? base::status_of(*no) : 0;
}

}  // namespace musiccorp::hospital

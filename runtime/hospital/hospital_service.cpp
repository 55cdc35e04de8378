#include "hospital/hospital_service.hpp"

#include "hospital/audit.hpp"
#include "hospital/batch_rules.hpp"
#include "hospital/case_actions.hpp"
#include "hospital/case_metrics.hpp"
#include "hospital/case_queries.hpp"
#include "hospital/case_rules.hpp"
#include "hospital/group_rules.hpp"
#include "hospital/owner_questions.hpp"
#include "hospital/rehearsal_rules.hpp"

namespace musiccorp::hospital {
namespace {

/// A person looks at a case: its service answers at once or is away.
constexpr auto followers_patience = std::chrono::seconds{1};

using shared_ward = std::shared_ptr<const ward>;

/// The rule with the ward put in.
template <class Message>
auto in(const shared_ward& place, outcome (*rule)(turn&, const Message&, const ward&)) {
  return [place, rule](turn& now, const Message& message) { return rule(now, message, *place); };
}
template <class Message, class Answer>
auto in(const shared_ward& place, outcome (*rule)(turn&, const Message&, const Answer&, const ward&)) {
  return [place, rule](turn& now, const Message& message, const Answer& answer) {
    return rule(now, message, answer, *place);
  };
}

template <class Query>
std::string owner(const Query& query) {
  return owner_in(query.case_id);
}
template <class Query>
delivery::show_followers behind(const Query& query) {
  return followers_of(query.case_id);
}
delivery::rehearse_message played(const show_rehearsal& query) { return rehearsal_of(query.case_id, {}); }
delivery::rehearse_message played_edited(const rehearse_case& query) {
  return rehearsal_of(query.case_id, query.payload ? query.payload->text : std::string{});
}

void add_routes(service_definition& made) {
  made.get<list_cases, case_page>("/hospital/cases", "Dead letters, newest first")
      .get<show_case, case_detail>("/hospital/cases/{case_id}", "One dead letter and its story, personal data masked")
      .post<reveal_case, case_detail>("/hospital/cases/{case_id}/reveal", "The same with its personal data")
      .post<replay_case, case_summary>("/hospital/cases/{case_id}/replay", "Try it again", 202)
      .refuses({409})
      .post<edit_case, case_summary>("/hospital/cases/{case_id}/edit", "Try it again with another payload", 202)
      .refuses({409})
      .post<discard_case, case_summary>("/hospital/cases/{case_id}/discard", "Bury it", 202)
      .refuses({409})
      .post<keep_case, case_summary>("/hospital/cases/{case_id}/keep", "Do not bury it: while the discard is held")
      .refuses({409})
      .get<show_rehearsal, rehearsal_view>("/hospital/cases/{case_id}/rehearsal", "What would a replay do?")
      .refuses({409})
      .post<rehearse_case, rehearsal_view>("/hospital/cases/{case_id}/rehearsal", "The same with another payload")
      .refuses({409})
      .get<list_groups, group_page>("/hospital/groups", "Cases that failed in the same way, last seen first")
      .get<show_group, group_summary>("/hospital/groups/{group_id}", "One group")
      .post<start_batch, batch_summary>("/hospital/batches", "Replay or discard many cases", 202,
                                        "/hospital/batches/{batch_id}")
      .refuses({404})
      .get<list_batches, batch_page>("/hospital/batches", "Batches, newest first")
      .get<show_batch, batch_detail>("/hospital/batches/{batch_id}", "Progress, and the outcome of each case")
      .post<cancel_batch, batch_summary>("/hospital/batches/{batch_id}/cancel", "Send no more of it")
      .refuses({409})
      .get<list_audit, audit_page>("/hospital/audit", "Who did what, when and why, newest first");
}

}  // namespace

service_definition hospital_service(message::catalogue types, hospital_settings settings) {
  const auto place = std::make_shared<const ward>(ward{std::move(types), settings});
  service_definition made{"hospital"};
  made.on(in(place, hear_death))    // message.died: opens a case
      .on(in(place, hear_healing))  // message.healed: closes it
      .on(in(place, hear_burial))   // message.discarded: closes it
      .on(in(place, hear_refusal))  // treatment.refused
      .on(in(place, replay))        // -> replay_message
      .on(in(place, edit))          // -> replay_message
      .on(in(place, discard))       // -> discard_message, or bury_case
      .on(in(place, keep))
      .on(in(place, bury))      // -> discard_message
      .on(in(place, submit))    // -> continue_batch
      .on(in(place, work_off))  // -> replay_message or discard_message, continue_batch
      .on(in(place, cancel))
      .on(in(place, answer_cases))
      .on(in(place, answer_case), ask(owner<show_case>, behind<show_case>).or_without(followers_patience))
      .on(in(place, answer_revealed), ask(owner<reveal_case>, behind<reveal_case>).or_without(followers_patience))
      .on(in(place, answer_groups))
      .on(answer_group)
      .on(answer_batches)
      .on(answer_batch)
      .on(in(place, answer_audit))
      .on(answer_open_conversations)
      .on(in(place, answer_rehearsal), ask(owner<show_rehearsal>, played))
      .on(in(place, answer_rehearsal_with), ask(owner<rehearse_case>, played_edited))
      .says<delivery::replay_message, delivery::discard_message, bury_case, continue_batch>()
      .watched_by([](auto& registry) { return std::make_unique<case_metrics>(registry); })
      .gathers(std::chrono::milliseconds{100});
  add_routes(made);
  return made;
}

}  // namespace musiccorp::hospital

#include "hospital/rehearsal_rules.hpp"

#include "hospital/audit.hpp"
#include "hospital/case_payloads.hpp"

namespace musiccorp::hospital {
namespace {

sending_view view_of(const delivery::rehearsed_message& sent, bool reveal, const ward& in) {
  sending_view view;
  envelope message;
  message.type = sent.type;
  message.version = sent.version;
  message.payload = sent.payload.text;
  static_cast<payload_view&>(view) = reveal ? revealed(message.payload) : masked(in.types, std::move(message));
  view.type = sent.type;
  view.version = sent.version;
  view.key = sent.key;
  view.to = sent.to;
  return view;
}

rehearsal_view view_of(const delivery::rehearsal& played, bool reveal, const scrubber& scrub, const ward& in) {
  rehearsal_view view{played.case_id,   played.outcome, reveal ? played.text : scrub(played.text), {}, {},
                      played.followers, reveal};
  for (const auto& write : played.writes)
    view.writes.push_back(
        {write.type, write.key, write.body ? "saved" : "erased", reveal ? write.body : std::nullopt});
  for (const auto& sent : played.messages) view.messages.push_back(view_of(sent, reveal, in));
  return view;
}

}  // namespace

outcome answer_rehearsal(turn& now, const show_rehearsal& query, const delivery::rehearsal& played, const ward& in) {
  return answer_rehearsal_with(now, {query.case_id, {}, false, {}, {}}, played, in);
}

outcome answer_rehearsal_with(turn& now, const rehearse_case& query, const delivery::rehearsal& played,
                              const ward& in) {
  const auto one = now.find<case_file>(query.case_id);
  if (!one) return no_such("case", query.case_id);
  auto scrub = scrubber_for(now, *one, in.types);
  if (query.payload) {
    if (auto good = check_payload(in.types, one->message.type, query.payload->text, "/payload"); !good)
      return std::move(good.error());
    auto edited = one->message;
    edited.version = in.types.find(edited.type)->version;
    edited.payload = query.payload->text;
    scrub.learn(in.types, edited);
  }
  if (query.reveal) {
    if (auto no = wrong_signature(query.by, query.reason)) return std::move(*no);
    write_audit(now, in.settings,
                {{}, {}, query.by, "reveal_rehearsal", one->case_id, {}, query.reason, one->version, one->version});
  }
  return view_of(played, query.reveal, scrub, in);
}

}  // namespace musiccorp::hospital

#include "hospital/case_payloads.hpp"

#include <algorithm>
#include <utility>

namespace musiccorp::hospital {
namespace {

std::int32_t add(turn& now, case_file& one, payload_note note, std::string payload) {
  note.number = one.payloads.empty() ? 1 : one.payloads.back().number + 1;
  now.save(payload_text{payload_place(one.case_id, note.number), std::move(payload)});
  one.payloads.push_back(std::move(note));
  return one.payloads.back().number;
}

}  // namespace

void take_message(turn& now, case_file& one, envelope message) {
  const auto known = std::ranges::find(one.payloads, message.id, &payload_note::message_id);
  one.payload_current =
      known != one.payloads.end()
          ? known->number
          : add(now, one, {1, message.version, message.id, {}, {}, message.occurred}, message.payload);
  one.payload_sent = one.payload_current;
  message.payload.clear();
  one.message = std::move(message);
}

std::string add_edit(turn& now, case_file& one, std::string payload, std::int32_t version, const std::string& by,
                     const std::string& reason) {
  auto id = now.new_id();
  one.payload_sent = add(now, one, {1, version, id, by, reason, now.now()}, std::move(payload));
  return id;
}

void settle_edit(case_file& one) {
  if (one.payload_current == one.payload_sent) return;
  one.payload_current = one.payload_sent;
  const auto note = std::ranges::find(one.payloads, one.payload_current, &payload_note::number);
  if (note == one.payloads.end()) return;
  one.message.causation = std::exchange(one.message.id, note->message_id);
  one.message.version = note->version;
}

envelope message_with(turn& now, const case_file& one, std::int32_t number) {
  auto message = one.message;
  if (const auto note = std::ranges::find(one.payloads, number, &payload_note::number); note != one.payloads.end())
    message.version = note->version;
  if (auto kept = now.find<payload_text>(payload_place(one.case_id, number)))
    message.payload = std::move(kept->payload);
  return message;
}

scrubber scrubber_for(turn& now, const case_file& one, const message::catalogue& types) {
  scrubber scrub;
  for (const auto& payload : one.payloads) scrub.learn(types, message_with(now, one, payload.number));
  return scrub;
}

}  // namespace musiccorp::hospital

#include "request/gather.hpp"

#include "base/ensure.hpp"

namespace musiccorp::request {
namespace {

std::uint64_t bytes_of(const reply& said) {
  const auto* got = std::get_if<answer>(&said);
  return got != nullptr ? got->payload.size() : 0;
}

}  // namespace

gather_room::opened gather_room::open(std::span<breaker::permit> permits, instant deadline) {
  ensure(!permits.empty(), "a gather asks something");
  opened made{next_question_, {}};
  state waiting{made.gather, deadline, permits.size(), std::vector<asked>(permits.size())};
  for (std::size_t i = 0; i < permits.size(); ++i) {
    made.questions.push_back(next_question_++);
    waiting.questions[i].permit = std::move(permits[i]);
  }
  open_.emplace(made.gather, std::move(waiting));
  deadlines_.emplace(deadline, made.gather);
  return made;
}

std::optional<gather_room::gathered> gather_room::replied(std::uint64_t question, reply said, instant now) {
  auto place = open_.upper_bound(question);
  if (place == open_.begin()) return std::nullopt;
  --place;
  auto& waiting = place->second;
  const auto index = question - waiting.first_question;
  if (index >= waiting.questions.size() || waiting.questions[index].said) return std::nullopt;
  auto& one = waiting.questions[index];
  one.permit.end(end_of(said), now);
  bytes_ += bytes_of(said);
  one.said = std::move(said);
  if (--waiting.missing > 0) return std::nullopt;
  return close(place);
}

std::vector<gather_room::gathered> gather_room::expire(instant now) {
  std::vector<gathered> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto place = open_.find(deadlines_.begin()->second);
    for (auto& one : place->second.questions) one.permit.end({base::fault_kind::timeout, {}}, now);
    expired.push_back(close(place));
  }
  return expired;
}

void gather_room::clear() {
  open_.clear();
  deadlines_.clear();
  bytes_ = 0;
}

std::optional<instant> gather_room::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

gather_room::gathered gather_room::close(std::map<std::uint64_t, state>::iterator place) {
  gathered done{place->first, {}};
  for (const auto& one : place->second.questions)
    if (one.said) bytes_ -= bytes_of(*one.said);
  for (auto& one : place->second.questions)
    done.replies.push_back(one.said
                               ? std::move(*one.said)
                               : base::fault{base::fault_kind::timeout, "no answer before the deadline", {}, {}});
  deadlines_.erase({place->second.deadline, place->first});
  open_.erase(place);
  return done;
}

}  // namespace musiccorp::request

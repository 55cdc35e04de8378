#include "request/gather.hpp"

#include "base/ensure.hpp"

namespace musiccorp::request {

gather_room::opened gather_room::open(std::size_t questions, instant deadline) {
  ensure(questions > 0, "a gather asks something");
  opened made{next_question_, {}};
  for (std::size_t i = 0; i < questions; ++i) made.questions.push_back(next_question_++);
  open_.emplace(made.gather, state{made.gather, deadline, questions, std::vector<std::optional<reply>>(questions)});
  deadlines_.emplace(deadline, made.gather);
  return made;
}

std::optional<gather_room::gathered> gather_room::replied(std::uint64_t question, reply said) {
  auto place = open_.upper_bound(question);
  if (place == open_.begin()) return std::nullopt;
  --place;
  auto& waiting = place->second;
  const auto index = question - waiting.first_question;
  if (index >= waiting.replies.size() || waiting.replies[index]) return std::nullopt;
  waiting.replies[index] = std::move(said);
  if (--waiting.missing > 0) return std::nullopt;
  return close(place);
}

std::vector<gather_room::gathered> gather_room::expire(instant now) {
  std::vector<gathered> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    expired.push_back(close(open_.find(deadlines_.begin()->second)));
  return expired;
}

void gather_room::clear() {
  open_.clear();
  deadlines_.clear();
}

std::optional<instant> gather_room::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

gather_room::gathered gather_room::close(std::map<std::uint64_t, state>::iterator place) {
  gathered done{place->first, {}};
  for (auto& one : place->second.replies)
    done.replies.push_back(one ? std::move(*one)
                               : base::fault{base::fault_kind::timeout, "no answer before the deadline", {}, {}});
  deadlines_.erase({place->second.deadline, place->first});
  open_.erase(place);
  return done;
}

}  // namespace musiccorp::request

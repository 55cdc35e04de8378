// Requests of a partition, from their arrival to the batch that handles them: what they ask of others first.
#include <algorithm>

#include "service/partition_work.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::service {
namespace {

base::fault closed_fault(const std::string& service) {
  return {fault_kind::unavailable, service + " is not open", {}, std::chrono::seconds{1}};
}

double seconds_between(instant from, instant to) { return std::chrono::duration<double>(to - from).count(); }

/// The rules' own code decides what is asked; when it throws, that is an answer.
result<envelope> question_of(const ask_specification& ask, const envelope& command) {
  try {
    return ask.make(command);
  } catch (const std::exception& crash) {
    return failure(fault_kind::crash, crash.what());
  } catch (...) {
    return failure(fault_kind::crash, "an exception of unknown type");
  }
}

}  // namespace

void partition::answer(std::uint64_t token, const request::reply& said, outgoing& out) {
  out.replies.push_back({token, request::to_envelope(said)});
}

void partition::request(std::uint64_t token, envelope message, instant deadline, outgoing& out) {
  if (!is_open()) return answer(token, closed_fault(definition_.name()), out);
  const auto* rule = definition_.find(message.type);
  if (is_about_dead(message.type)) return ready_.push_back({token, std::move(message), deadline, {}, {}});
  if (!rule)
    return answer(
        token, base::fault{fault_kind::schema, definition_.name() + " does not answer " + message.type, {}, {}}, out);
  const auto known = known_answer(message);
  if (!known) return answer(token, known.error(), out);
  if (*known) {
    environment_.cell.duplicate();
    return answer(token, **known, out);
  }
  pending_request one{token, std::move(message), deadline, {}, {}};
  if (rule->asks.empty())
    ready_.push_back(std::move(one));
  else
    start_gather(std::move(one), *rule, out);
}

void partition::start_gather(pending_request one, const handler& rule, outgoing& out) {
  std::vector<envelope> questions;
  for (const auto& ask : rule.asks) {
    auto question = question_of(ask, one.message);
    if (!question) return answer(one.token, std::move(question.error()), out);
    question->id = base::make_id(environment_.clock.now(), random_);
    question->source = definition_.name();
    if (!ask.service.empty()) question->to = ask.service;
    question->correlation = one.message.correlation.empty() ? one.message.id : one.message.correlation;
    question->causation = one.message.id;
    const auto trace = spans_.caused_by(one.message);
    question->traceparent = trace ? telemetry::traceparent_text{*trace}.view() : one.message.traceparent;
    question->occurred = environment_.clock.now();
    questions.push_back(std::move(*question));
  }
  const auto now = questions.front().occurred;
  const auto patience = rule.asks.front().patience;
  // The rule that can do without an answer must still have time to run.
  const auto deadline = patience ? now + std::min(*patience, (one.deadline - now) / 2) : one.deadline;
  if (auto admitted = dependencies_.admit(questions, now, deadline, permits_); !admitted)
    return patience ? go_without(std::move(one), rule) : answer(one.token, std::move(admitted.error()), out);
  environment_.cell.waited(seconds_between(one.message.occurred, now));
  const auto opened = gathers_.open(permits_, deadline);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    questions[i].to = counts_.owner(questions[i].to, questions[i].key);
    out.questions.push_back({questions[i].to, opened.questions[i], deadline, std::move(questions[i])});
  }
  asking_.emplace(opened.gather, std::move(one));
}

void partition::go_without(pending_request one, const handler& rule) {
  one.answers.resize(rule.asks.size());
  ready_.push_back(std::move(one));
}

void partition::replied(std::uint64_t question, const envelope& message) {
  const auto now = environment_.clock.now();
  if (const auto done = gathers_.replied(question, request::read_reply(message), now)) gathered(*done);
  dependencies_.note(now);
}

/// A no from anybody decides before trouble from anybody: trying again could not help.
void partition::gathered(const request::gather_room::gathered& done) {
  if (pins_.gather == done.gather) return pinned(done.replies.front());
  auto found = asking_.extract(done.gather);
  if (found.empty()) return;
  auto one = std::move(found.mapped());
  const bool can_do_without = definition_.find(one.message.type)->asks.front().patience.has_value();
  for (const auto& said : done.replies) {
    const auto* got = std::get_if<request::answer>(&said);
    if (got || can_do_without) {
      one.answers.push_back(got ? got->payload : std::string{});
      continue;
    }
    if (std::holds_alternative<base::rejected>(said) &&
        !(one.settled && std::holds_alternative<base::rejected>(*one.settled)))
      one.settled = said;
    if (std::holds_alternative<base::fault>(said) && !one.settled) one.settled = said;
  }
  ready_bytes_ += one.answer_bytes();
  ready_.push_back(std::move(one));
}

}  // namespace musiccorp::service

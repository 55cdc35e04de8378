#include "service/dependencies.hpp"

#include <algorithm>

#include "telemetry/log.hpp"

namespace musiccorp::service {
namespace {

using request::breaker_state;
using std::chrono::milliseconds;

const telemetry::logger log{"service"};

/// For a person: exact while it is short.
std::string shown(milliseconds wait) {
  if (wait < std::chrono::seconds{1}) return std::to_string(wait.count()) + " ms";
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) + " s";
}

}  // namespace

void dependency_board::show(dependency_view one) {
  const std::lock_guard hold{mutex_};
  std::pair key{one.service, one.dependency};
  views_.insert_or_assign(std::move(key), std::move(one));
}

std::vector<dependency_view> dependency_board::all() const {
  const std::lock_guard hold{mutex_};
  std::vector<dependency_view> list;
  for (const auto& [key, view] : views_) list.push_back(view);
  return list;
}

dependencies::dependencies(const service_definition& definition, const request::breaker_policy& policy,
                           std::uint64_t seed, instant now, telemetry::metrics_registry* registry,
                           dependency_board* board)
    : service_{definition.name()}, board_{board} {
  for (const auto& rule : definition.handlers())
    for (const auto& question : rule.asks)
      if (!question.service.empty() && find(question.service) == nullptr)
        add(question.service, policy, seed ^ base::stable_hash(question.service), now, registry);
}

void dependencies::add(const std::string& name, const request::breaker_policy& policy, std::uint64_t seed,
                       instant now, telemetry::metrics_registry* registry) {
  auto& made = all_.emplace_back(name, policy, seed, now);
  if (registry != nullptr) made.numbers = {*registry, service_, name};
  made.numbers.state(0);  // Of a cell that took another one's place, it may have been something else.
  show(made);
}

dependencies::dependency* dependencies::find(std::string_view name) {
  const auto found = std::ranges::find_if(all_, [&](const auto& one) { return one.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

result<void> dependencies::admit(std::span<const message::envelope> questions, instant now, instant deadline,
                                 std::vector<request::breaker::permit>& permits) {
  permits.clear();
  for (const auto& question : questions) {
    auto* const asked = find(question.to);
    auto& permit = permits.emplace_back();
    if (asked == nullptr) continue;
    const auto same = std::ranges::find_if(questions, [&](const auto& one) { return one.to == question.to; });
    if (&*same != &question) {
      permit = asked->breaker.accompany(permits[static_cast<std::size_t>(same - questions.begin())]);
      continue;
    }
    permit = asked->breaker.ask(now, deadline);
    if (asked->breaker.state() != asked->told) tell(*asked, now);
    if (permit) continue;
    permits.clear();
    asked->numbers.refused();
    return failure(refusal(*asked, now));
  }
  return {};
}

base::fault dependencies::refusal(const dependency& one, instant now) {
  const auto wait = std::chrono::ceil<milliseconds>(one.breaker.wait(now));
  const bool is_tried = one.breaker.state() == breaker_state::half_open;
  return {fault_kind::unavailable,
          one.name + " is not answering; " + (is_tried ? "it is tried right now" : "asked again in " + shown(wait)),
          {},
          wait};
}

void dependencies::note(instant now) {
  for (auto& one : all_)
    if (one.breaker.state() != one.told) tell(one, now);
}

void dependencies::tell(dependency& one, instant now) {
  const auto before = std::exchange(one.told, one.breaker.state());
  one.numbers.state(static_cast<std::uint8_t>(one.told));
  show(one);
  if (before == breaker_state::closed) {
    one.opened = now;
    one.numbers.opened();
    log.warn("breaker-opened",
             {{"service", service_},
              {"dependency", one.name},
              {"fault", base::name_of(one.breaker.cause().value_or(fault_kind::unavailable))},
              {"asked_again_in_ms", std::chrono::ceil<milliseconds>(one.breaker.wait(now)).count()}});
  } else if (one.told == breaker_state::closed) {
    log.info("breaker-closed", {{"service", service_},
                                {"dependency", one.name},
                                {"after_ms", std::chrono::duration_cast<milliseconds>(now - one.opened).count()}});
  }
}

void dependencies::show(const dependency& one) const {
  if (board_ == nullptr) return;
  const auto cause = one.breaker.cause();
  board_->show({service_, one.name, one.breaker.state(), one.breaker.since(), one.breaker.next_probe(),
                cause ? std::string{base::name_of(*cause)} : std::string{}});
}

}  // namespace musiccorp::service

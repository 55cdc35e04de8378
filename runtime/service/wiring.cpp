#include "service/wiring.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "delivery/dead_letters.hpp"

namespace musiccorp::service {
namespace {

/// What every service says about its dead letters, without declaring it.
constexpr std::array case_events{
    describe::name_of<delivery::message_died>(), describe::name_of<delivery::message_healed>(),
    describe::name_of<delivery::message_discarded>(), describe::name_of<delivery::treatment_refused>()};

/// A service that hears of dead letters hears of all but its own: those must not feed on themselves.
std::vector<std::string> heard_by(const service_definition& subscriber, const service_definition& publisher) {
  const bool itself = subscriber.name() == publisher.name();
  std::vector<std::string> types;
  for (const auto& type : publisher.says_types())
    if (subscriber.find(type) || (!itself && is_treatment(type))) types.push_back(type);
  if (!itself)
    for (const auto type : case_events)
      if (subscriber.find(type)) types.emplace_back(type);
  return types;
}

const service_definition* find(std::span<const service_definition> services, std::string_view name) {
  const auto found =
      std::find_if(services.begin(), services.end(), [&](const auto& one) { return one.name() == name; });
  return found == services.end() ? nullptr : &*found;
}

bool said_by_anybody(std::span<const service_definition> services, std::string_view type) {
  return std::any_of(services.begin(), services.end(), [&](const auto& one) { return one.says_type(type); });
}

void check_asks(std::span<const service_definition> services, const service_definition& one,
                std::vector<std::string>& wrong) {
  for (const auto& handler : one.handlers()) {
    if (!handler.asks.empty() && said_by_anybody(services, handler.type))
      wrong.push_back(one.name() + " asks others before handling " + handler.type + ", which comes through a log");
    for (const auto& question : handler.asks) {
      if (question.service.empty()) continue;  // Decided by each command.
      const auto* asked = find(services, question.service);
      if (!asked)
        wrong.push_back(one.name() + " asks " + question.service + ", which is not there");
      else if (!asked->find(question.question->name))
        wrong.push_back(one.name() + " asks " + question.service + " for " + std::string{question.question->name} +
                        ", which it does not answer");
    }
  }
}

}  // namespace

bool is_treatment(std::string_view type) {
  return type == describe::name_of<delivery::replay_message>() ||
         type == describe::name_of<delivery::discard_message>();
}

bool is_case_event(std::string_view type) {
  return std::find(case_events.begin(), case_events.end(), type) != case_events.end();
}

std::map<std::string, wiring> wire(std::span<const service_definition> services) {
  std::map<std::string, wiring> wires;
  for (const auto& subscriber : services)
    for (const auto& publisher : services) {
      auto types = heard_by(subscriber, publisher);
      if (types.empty()) continue;
      wires[subscriber.name()].upstreams.push_back({publisher.name(), types});
      wires[publisher.name()].subscribers.push_back({subscriber.name(), types});
    }
  for (const auto& one : services) wires.try_emplace(one.name());
  return wires;
}

std::vector<std::string> check(std::span<const service_definition> services) {
  std::vector<std::string> wrong;
  std::set<std::string> names;
  std::set<std::string> routes;
  for (const auto& one : services) {
    if (!names.insert(one.name()).second) wrong.push_back("two services are called " + one.name());
    check_asks(services, one, wrong);
    for (const auto& route : one.routes())
      if (!routes.insert(route.method + " " + route.path).second)
        wrong.push_back("two services answer " + route.method + " " + route.path);
  }
  return wrong;
}

}  // namespace musiccorp::service

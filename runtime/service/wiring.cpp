#include "service/wiring.hpp"

#include <algorithm>
#include <set>

namespace musiccorp::service {
namespace {

std::vector<std::string> heard_by(const service_definition& subscriber, const service_definition& publisher) {
  std::vector<std::string> types;
  for (const auto& type : publisher.says_types())
    if (subscriber.find(type)) types.push_back(type);
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

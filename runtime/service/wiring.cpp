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
std::vector<std::string> heard_by(const service_definition& subscriber, const service_definition& publisher,
                                  which_queues which) {
  const bool itself = subscriber.name() == publisher.name();
  const bool nothing_shared =
      which == which_queues::needed && publisher.is_under_own_keys() && !publisher.share().meets(subscriber.share());
  const auto hears = [&](const auto& type) {
    return subscriber.find(type) && (!nothing_shared || subscriber.share().hears_everywhere(type));
  };
  std::vector<std::string> types;
  for (const auto& type : publisher.says_types())
    if (hears(type) || (!itself && is_treatment(type))) types.push_back(type);
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

/// What decides which partition a message is for.
void check_keys(std::span<const service_definition> services, const service_definition& one,
                std::vector<std::string>& wrong) {
  if (!one.is_by_key()) return;
  if (one.first_start()) wrong.push_back(one.name() + " is by key, and has a rule for its first start");
  for (const auto& handler : one.handlers()) {
    const bool has_key = std::ranges::any_of(handler.input->fields, &describe::field_shape::is_key);
    const auto& everywhere = one.share().everywhere;
    const bool everybodys = std::ranges::find(everywhere, handler.type) != everywhere.end();
    if (!has_key && !everybodys && said_by_anybody(services, handler.type))
      wrong.push_back(one.name() + " is by key, but " + handler.type + " has none");
  }
}

}  // namespace

std::string partition_counts::owner(std::string_view name, std::string_view key) const {
  const auto found = counts_.find(name);
  if (found == counts_.end()) return std::string{name};
  return std::string{name} + "/" + std::to_string(delivery::partition_of(key, found->second));
}

std::vector<std::string> partition_counts::all(std::string_view service) const {
  const auto count = of(service);
  if (count == 1) return {std::string{service}};
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) names.push_back(std::string{service} + "/" + std::to_string(i));
  return names;
}

std::vector<service_definition> partitions_of(std::span<const service_definition> services,
                                              const partition_counts& counts) {
  std::vector<service_definition> all;
  for (const auto& one : services) {
    const auto count = counts.of(one.service());
    for (std::uint32_t i = 0; i < count; ++i) all.push_back(one.as_partition(i, count));
  }
  return all;
}

std::uint64_t published_for(const wiring::stream& subscriber, std::span<const storage::published_row> counts,
                            std::span<const storage::published_slot_row> slots) {
  std::uint64_t published = 0;
  for (const auto& row : counts) {
    if (row.to == subscriber.service) published += row.count;
    if (!row.to.empty() || !subscriber.hears(row.type)) continue;
    if (!subscriber.counts_slots_of(row.type)) {
      published += row.count;
      continue;
    }
    auto older = row.count;
    for (const auto& slot : slots) {
      if (slot.type != row.type) continue;
      older -= std::min(older, slot.count);
      if (subscriber.share.owns_slot(slot.slot)) published += slot.count;
    }
    if (subscriber.share.index == 0) published += older;
  }
  return published;
}

bool is_treatment(std::string_view type) {
  return type == describe::name_of<delivery::replay_message>() ||
         type == describe::name_of<delivery::discard_message>();
}

bool is_case_event(std::string_view type) {
  return std::find(case_events.begin(), case_events.end(), type) != case_events.end();
}

std::map<std::string, wiring> wire(std::span<const service_definition> services, which_queues which) {
  std::map<std::string, wiring> wires;
  partition_counts counts;
  for (const auto& one : services) counts.set(one.service(), one.share().partitions);
  for (const auto& subscriber : services)
    for (const auto& publisher : services) {
      auto types = heard_by(subscriber, publisher, which);
      if (types.empty()) continue;
      wires[subscriber.name()].upstreams.push_back({publisher.name(), types, subscriber.share()});
      wires[publisher.name()].subscribers.push_back({subscriber.name(), types, subscriber.share()});
    }
  for (const auto& one : services) wires[one.name()].counts = counts;
  return wires;
}

std::vector<std::string> check(std::span<const service_definition> services) {
  std::vector<std::string> wrong;
  std::set<std::string> names;
  std::set<std::string> routes;
  for (const auto& one : services) {
    if (!names.insert(one.name()).second) wrong.push_back("two services are called " + one.name());
    check_asks(services, one, wrong);
    check_keys(services, one, wrong);
    for (const auto& route : one.routes())
      if (!routes.insert(route.method + " " + route.path).second)
        wrong.push_back("two services answer " + route.method + " " + route.path);
  }
  return wrong;
}

}  // namespace musiccorp::service

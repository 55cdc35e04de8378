#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "entity_map.hpp"
#include "service/definition.hpp"

namespace musiccorp::testing {

/// Rules of several services without actors: each service has its entities and its log; whoever tests chooses who
/// reads from which log next. Within a pair of services the order stays. A world can be copied, to try another
/// future.
class rule_world {
 public:
  struct link {
    std::string from;
    std::string to;
    friend auto operator<=>(const link&, const link&) = default;
  };

  /// `services` must outlive the world and its copies.
  explicit rule_world(std::span<const service_definition> services) : services_{services} {
    for (const auto& one : services_) {
      rooms_.try_emplace(one.name());
      if (one.first_start()) in_turn(one, {}, [&](turn& now) { return one.first_start()(now), outcome{}; });
    }
  }

  /// A request from outside: its questions are asked one after the other, then the rule runs.
  template <describe::described M>
  outcome ask(const std::string& service, const M& command) {
    envelope message;
    message.id = "from outside";
    message.type = describe::name_of<M>();
    message.key = describe::key_of(command);
    message.payload = describe::to_json(command);
    return ask(definition(service), message);
  }

  /// Which logs hold something that somebody has not read.
  [[nodiscard]] std::vector<link> ready() const {
    std::vector<link> links;
    for (const auto& from : services_)
      for (const auto& to : services_)
        if (next({from.name(), to.name()})) links.push_back({from.name(), to.name()});
    return links;
  }

  /// Hands over the next message; `times` > 1: a repeat that nobody has recognised.
  void deliver(const link& on, int times = 1) {
    const auto seq = next(on);
    ensure(seq > 0, "there is something to deliver");
    const auto message = rooms_.at(on.from).log[seq - 1];
    for (int i = 0; i < times; ++i) handle(definition(on.to), message);
    cursors_[on] = seq;
  }

  /// Messages that ended as dead letters: "order <- payment.received: why".
  [[nodiscard]] const std::vector<std::string>& dead() const { return dead_; }

  template <describe::described E>
  [[nodiscard]] std::vector<E> all(const std::string& service) const {
    std::vector<E> found;
    for (const auto& [name, body] : rooms_.at(service).entities.all())
      if (name.first == describe::name_of<E>()) found.push_back(describe::from_json<E>(body).value());
    return found;
  }
  /// Everything of this type that a service has ever said.
  template <describe::described M>
  [[nodiscard]] std::vector<M> said(const std::string& service) const {
    std::vector<M> found;
    for (const auto& message : rooms_.at(service).log)
      if (message.type == describe::name_of<M>()) found.push_back(describe::from_json<M>(message.payload).value());
    return found;
  }

  /// The same text means the same future: all entities, and all messages under way.
  [[nodiscard]] std::string fingerprint() const {
    std::string text;
    for (const auto& [service, own] : rooms_) {
      text += service;
      for (const auto& [name, body] : own.entities.all()) text += "\n" + name.first + " " + body;
    }
    for (const auto& on : ready()) {
      text += "\n" + on.from + " to " + on.to;
      const auto& log = rooms_.at(on.from).log;
      for (auto at = cursor(on); at < log.size(); ++at)
        if (is_for(log[at], on.to)) text += " " + log[at].type + log[at].payload;
    }
    return text;
  }

 private:
  struct room {
    entity_map entities;
    std::vector<envelope> log;
    base::random_source random{7};
  };

  const service_definition& definition(const std::string& name) const {
    return *std::ranges::find(services_, name, &service_definition::name);
  }
  [[nodiscard]] std::size_t cursor(const link& on) const {
    const auto found = cursors_.find(on);
    return found == cursors_.end() ? 0 : found->second;
  }
  [[nodiscard]] bool is_for(const envelope& message, const std::string& to) const {
    return message.to.empty() ? definition(to).find(message.type) != nullptr : message.to == to;
  }
  [[nodiscard]] std::size_t next(const link& on) const {
    const auto& log = rooms_.at(on.from).log;
    for (auto at = cursor(on); at < log.size(); ++at)
      if (is_for(log[at], on.to)) return at + 1;
    return 0;
  }

  template <class Rule>
  outcome in_turn(const service_definition& service, const envelope& message, const Rule& rule) {
    auto& own = rooms_.at(service.name());
    turn now{message, service.name(), own.entities, instant{}, own.random, &service.says_types()};
    const outcome said = rule(now);
    if (!said.is<done>() && !said.is<service::answer>()) return said;
    auto effects = now.take_effects();
    for (const auto& write : effects.writes)
      (void)(write.body ? own.entities.save(write.type, write.key, *write.body)
                        : own.entities.erase(write.type, write.key));
    for (auto& one : effects.messages) own.log.push_back(std::move(one));
    if (const auto* answer = said.is<service::answer>(); answer && !message.reply_to.empty())
      own.log.push_back(reply(service, message, *answer));
    return said;
  }

  static envelope reply(const service_definition& service, const envelope& message, const service::answer& answer) {
    envelope made;
    made.type = answer.type;
    made.key = answer.key;
    made.source = service.name();
    made.to = message.reply_to;
    made.payload = answer.payload;
    return made;
  }

  outcome ask(const service_definition& service, const envelope& message) {
    const auto* handler = service.find(message.type);
    std::vector<std::string> answers;
    for (const auto& one : handler->asks) {
      auto said = ask(definition(one.service), one.make(message).value());
      const auto* answer = said.template is<service::answer>();
      if (!answer) return said;
      answers.push_back(answer->payload);
    }
    return in_turn(service, message, [&](turn& now) { return handler->run(now, message, answers); });
  }

  void handle(const service_definition& to, const envelope& message) {
    const auto* handler = to.find(message.type);
    ensure(handler != nullptr, to.name() + " has a rule for " + message.type);
    const auto said = in_turn(to, message, [&](turn& now) { return handler->run(now, message, {}); });
    if (const auto* trouble = said.template is<fault>())
      dead_.push_back(to.name() + " <- " + message.type + ": " + trouble->text);
    else if (const auto* no = said.template is<rejected>())
      dead_.push_back(to.name() + " <- " + message.type + ": " + no->text);
    else
      ensure(!said.template is<not_yet>(), "no rule of the shop waits when the provider is quick");
  }

  std::span<const service_definition> services_;
  std::map<std::string, room> rooms_;
  std::map<link, std::size_t> cursors_;
  std::vector<std::string> dead_;
};

}  // namespace musiccorp::testing

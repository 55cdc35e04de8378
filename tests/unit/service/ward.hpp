#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "delivery/dead_letters.hpp"
#include "service/definition.hpp"

/// A speaker, a listener that can be told to fail, and a small hospital, to look at what becomes of dead letters.
namespace musiccorp::ward {

using namespace delivery;

struct say {
  std::string id{};
  std::string key{};
  std::string text{};
  static constexpr auto describe() {
    return describe_as("say", 1, musiccorp::key("id", &say::id), field("key", &say::key), field("text", &say::text));
  }
};
struct said {
  std::string key{};
  std::string text{};
  static constexpr auto describe() {
    return describe_as("said", 1, musiccorp::key("key", &said::key), field("text", &said::text));
  }
};
/// All that was heard of one key, in order.
struct heard {
  std::string key{};
  std::vector<std::string> texts{};
  static constexpr auto describe() {
    return describe_as("heard", 1, musiccorp::key("key", &heard::key), field("texts", &heard::texts));
  }
};
struct show_heard {
  std::string key{};
  static constexpr auto describe() { return describe_as("show_heard", 1, musiccorp::key("key", &show_heard::key)); }
};
/// Commands to the small hospital.
struct treat_replay {
  std::string case_id{};
  std::string upstream{};
  std::uint64_t seq = 0;
  std::int32_t replay = 1;
  std::string payload{};
  static constexpr auto describe() {
    return describe_as("treat_replay", 1, musiccorp::key("case_id", &treat_replay::case_id),
                       field("upstream", &treat_replay::upstream), field("seq", &treat_replay::seq),
                       field("replay", &treat_replay::replay), field("payload", &treat_replay::payload));
  }
};
struct treat_discard {
  std::string case_id{};
  std::string upstream{};
  std::uint64_t seq = 0;
  bool with_followers = false;
  static constexpr auto describe() {
    return describe_as("treat_discard", 1, musiccorp::key("case_id", &treat_discard::case_id),
                       field("upstream", &treat_discard::upstream), field("seq", &treat_discard::seq),
                       field("with_followers", &treat_discard::with_followers));
  }
};

/// What the hospital was told, in order.
struct told {
  std::vector<message_died> died;
  std::vector<message_healed> healed;
  std::vector<message_discarded> discarded;
  std::vector<treatment_refused> refused;
  bool all_open = false;  ///< every conversation has an open case
  bool deaf = false;      ///< its own rule throws
};

struct fate {
  std::map<std::string, fault> faults;        ///< by text: this trouble, each time
  std::map<std::string, std::string> throws;  ///< by text: this exception, each time
  std::map<std::string, std::string> awaits;  ///< by text: not yet until this key was heard
  duration patience{};
  /// Decides before all of these; nothing: they decide.
  std::function<std::optional<outcome>(turn&, const said&)> first{};
};

inline std::vector<service_definition> services(fate& what, told& story) {
  service_definition speaker{"speaker"};
  speaker
      .on([](turn& now, const say& command) -> outcome {
        now.publish(said{command.key, command.text});
        return said{command.key, command.text};
      })
      .says<said>();

  service_definition listener{"listener"};
  listener
      .on([&what](turn& now, const said& event) -> outcome {
        if (what.first)
          if (auto decided = what.first(now, event)) return std::move(*decided);
        if (const auto found = what.throws.find(event.text); found != what.throws.end())
          throw std::runtime_error{found->second};
        if (const auto found = what.faults.find(event.text); found != what.faults.end()) return found->second;
        if (const auto found = what.awaits.find(event.text);
            found != what.awaits.end() && !now.find<heard>(found->second))
          return not_yet::until<heard>(found->second, "nobody spoke of " + found->second, what.patience);
        auto all = now.find<heard>(event.key).value_or(heard{event.key, {}});
        all.texts.push_back(event.text);
        now.save(all);
        return done{};
      })
      .on([](turn& now, const show_heard& query) -> outcome {
        return now.find<heard>(query.key).value_or(heard{query.key, {}});
      });

  const auto service_of = [](const std::string& case_id) { return case_id.substr(0, case_id.find('.')); };
  service_definition hospital{"hospital"};
  hospital
      .on([&story](turn&, const message_died& event) -> outcome {
        if (story.deaf) throw std::runtime_error{"the hospital does not listen"};
        story.died.push_back(event);
        return done{};
      })
      .on([&story](turn&, const message_healed& event) -> outcome {
        story.healed.push_back(event);
        return done{};
      })
      .on([&story](turn&, const message_discarded& event) -> outcome {
        story.discarded.push_back(event);
        return done{};
      })
      .on([&story](turn&, const treatment_refused& event) -> outcome {
        story.refused.push_back(event);
        return done{};
      })
      .on([service_of](turn& now, const treat_replay& one) -> outcome {
        now.request(service_of(one.case_id),
                    replay_message{one.case_id, one.upstream, one.seq, one.replay, one.payload,
                                   one.payload.empty() ? std::string{} : now.new_id()});
        return done{};
      })
      .on([service_of](turn& now, const treat_discard& one) -> outcome {
        now.request(service_of(one.case_id), discard_message{one.case_id, one.upstream, one.seq, one.with_followers});
        return done{};
      })
      .on([&story](turn&, const open_conversations& query) -> outcome {
        return story.all_open ? conversations_open{query.correlations} : conversations_open{};
      })
      .says<replay_message, discard_message>();
  return {std::move(speaker), std::move(listener), std::move(hospital)};
}

}  // namespace musiccorp::ward

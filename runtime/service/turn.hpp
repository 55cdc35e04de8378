#pragma once

#include <any>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ensure.hpp"
#include "base/random.hpp"
#include "delivery/key_share.hpp"
#include "describe/json.hpp"
#include "message/envelope.hpp"
#include "service/saved_entity.hpp"
#include "storage/store.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::service {

class entity_watcher;

/// What one turn wants to change. Nothing of it is real before the partition applies and commits it.
struct turn_effects {
  struct write {
    std::string type;
    std::string key;
    std::optional<std::string> body;  ///< nothing: erase
    std::any counted{};               ///< what the watcher took off the entity; empty: nothing
  };
  std::vector<write> writes;
  std::vector<message::envelope> messages;  ///< for the log, in order; seq not yet set
};

/// The store failed while a rule was working. Ends the batch and is never the rule's fault: no attempt is charged.
struct turn_trouble {
  base::fault what;
};

/// The store works, but the entity that a rule wants cannot be read. Ends this turn only: whoever needs the entity
/// gets fault{corrupt}, the others go on.
struct unreadable_entity {
  base::fault what;
};

template <class E>
struct entity_page {
  std::vector<E> items;
  std::string next;  ///< key to go on after; empty at the end
};

/// The unit of work handed to a rule: one message, the service's own state, and the messages it wants to send. Either
/// all of it is committed or none. Used by one thread, only while the rule runs.
class turn {
 public:
  /// `says` decides whether a message type may be sent at all; null: every type (tests). `share` are the keys that
  /// new ids belong to; null: all. `watcher` looks at what is saved; null: nobody does.
  turn(const message::envelope& message, std::string_view service, storage::store& store, instant now,
       base::random_source& random, const std::vector<std::string>* says = nullptr,
       const delivery::key_share* share = nullptr, const entity_watcher* watcher = nullptr)
      : message_{message},
        service_{service},
        store_{store},
        now_{now},
        random_{random},
        says_{says},
        share_{share},
        watcher_{watcher} {}
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

  /// The entity of this key as this turn sees it: its own writes first.
  template <describe::described E>
  [[nodiscard]] std::optional<E> find(std::string_view key) {
    const auto body = load(describe::name_of<E>(), key);
    if (!body) return std::nullopt;
    return decode<E>(*body, key);
  }

  /// Inserts or replaces the entity under the value of its key field.
  template <describe::described E>
  void save(const E& entity) {
    store_entity(describe::name_of<E>(), describe::key_of(entity), describe::to_json(entity),
                 watcher_ != nullptr ? counted(saved_entity{entity}) : std::any{});
  }

  template <describe::described E>
  void erase(std::string_view key) {
    store_entity(describe::name_of<E>(), key, std::nullopt, {});
  }

  /// Entities in key order, as they were before this turn's own writes.
  template <describe::described E>
  [[nodiscard]] entity_page<E> list(const storage::entity_range& range) {
    entity_page<E> page;
    auto rows = load_list(describe::name_of<E>(), range);
    for (const auto& row : rows) page.items.push_back(decode<E>(row.body, row.key));
    if (!rows.empty() && rows.size() == range.limit) page.next = rows.back().key;
    return page;
  }

  /// A fact, for everybody who listens.
  template <describe::described M>
  void publish(const M& event) {
    send({}, {}, describe::name_of<M>(), describe::version_of<M>(), describe::key_of(event),
         describe::to_json(event));
  }

  /// A durable request: delivered once to `service` with the same promises as an event. Its answer comes back as a
  /// message of its own type, handled by a rule of this service.
  template <describe::described M>
  void request(std::string_view service, const M& command) {
    send(service, service_, describe::name_of<M>(), describe::version_of<M>(), describe::key_of(command),
         describe::to_json(command));
  }

  /// The same for every message of this turn's batch; never the machine's clock.
  [[nodiscard]] instant now() const { return now_; }
  /// Unique, sorted by time, and a key of this partition.
  [[nodiscard]] std::string new_id();
  [[nodiscard]] base::random_source& random() { return random_; }
  [[nodiscard]] const message::envelope& message() const { return message_; }

  /// A dry run: nothing of what the rule does is kept. A rule that reaches outside its store (sends a mail) must
  /// leave that out and go on as if it had worked.
  [[nodiscard]] bool is_rehearsal() const { return is_rehearsal_; }
  void rehearse() { is_rehearsal_ = true; }

  /// The message cannot be read as what its type says.
  void note_unreadable() { is_unreadable_ = true; }
  [[nodiscard]] bool is_unreadable() const { return is_unreadable_; }

  /// What this turn sends says that this caused it, instead of whatever caused the turn.
  void trace_as(const std::optional<telemetry::trace_context>& span) { trace_ = span; }

  /// For the partition, after the rule.
  [[nodiscard]] turn_effects take_effects() { return std::move(effects_); }
  [[nodiscard]] const turn_effects& effects() const { return effects_; }

  /// An envelope that continues this turn's conversation.
  [[nodiscard]] message::envelope envelope_for(std::string_view type, int version, std::string key,
                                               std::string payload);

 private:
  template <class E>
  E decode(std::string_view body, std::string_view key) {
    auto entity = describe::from_json<E>(body);
    if (!entity)
      throw unreadable_entity{{base::fault_kind::corrupt,
                               "stored " + std::string{describe::name_of<E>()} + " " + std::string{key} +
                                   " cannot be read: " + entity.error().text,
                               {},
                               {}}};
    return std::move(*entity);
  }
  std::optional<std::string> load(std::string_view type, std::string_view key);
  std::vector<storage::entity_row> load_list(std::string_view type, const storage::entity_range& range);
  [[nodiscard]] std::any counted(const saved_entity& entity) const;
  void store_entity(std::string_view type, std::string_view key, std::optional<std::string> body, std::any counted);
  void send(std::string_view to, std::string_view reply_to, std::string_view type, int version, std::string key,
            std::string payload);

  const message::envelope& message_;
  std::string_view service_;
  storage::store& store_;
  instant now_;
  base::random_source& random_;
  const std::vector<std::string>* says_;
  const delivery::key_share* share_;
  const entity_watcher* watcher_;
  turn_effects effects_;
  std::optional<telemetry::trace_context> trace_{};
  bool is_rehearsal_ = false;
  bool is_unreadable_ = false;
};

}  // namespace musiccorp::service

namespace musiccorp {
using service::turn;
}  // namespace musiccorp

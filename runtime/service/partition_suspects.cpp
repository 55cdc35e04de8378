// Messages that may have killed the process: they are handled alone, until they are proven or cleared.
#include <algorithm>

#include "delivery/symbolise.hpp"
#include "service/partition_work.hpp"
#include "telemetry/log.hpp"
#include "telemetry/traceparent.hpp"

namespace musiccorp::service {
namespace {

const telemetry::logger log{"service"};

struct death_story {
  std::vector<delivery::attempt_record> deaths{};
  static constexpr auto describe() { return describe_as("death_story", 1, field("deaths", &death_story::deaths)); }
};

constexpr const char* its_own = "killed the process";
constexpr const char* perhaps_its_own = "was with the process when it died";

death_story story_of(const storage::suspect_row& row) {
  return describe::from_json<death_story>(row.story).value_or(death_story{});
}

}  // namespace

void partition::accuse(std::vector<delivery::finding> findings, delivery::evidence why, std::string scene) {
  accused_ = accusation{std::move(findings), why, std::move(scene)};
}

/// Reads who is suspected, and adds what the last death of the process says, in one commit.
result<void> partition::load_suspects() {
  suspects_.clear();
  auto rows = store_->suspects();
  if (!rows) return failure(std::move(rows.error()));
  for (auto& row : *rows) suspects_.emplace(waiting_place{row.upstream, row.seq}, std::move(row));
  if (auto begun = store_->begin(); !begun) return begun;
  try {
    if (accused_)
      for (const auto& found : accused_->findings) note_death(found, environment_.clock.now());
    for (const auto& [where, row] : suspects_)
      if (const auto mark = waiting_.find(where.upstream, where.seq);
          mark && mark->state != storage::waiting_state::dead && mark->state != storage::waiting_state::parked &&
          mark->state != storage::waiting_state::alone)
        set_alone(where);
    if (auto saved = store_->commit(); !saved) return saved;
  } catch (const turn_trouble& trouble) {
    store_->rollback();
    return base::failure(trouble.what);
  }
  accused_.reset();
  return {};
}

/// The type is known as a number only, since nobody has seen the message again yet.
int partition::process_deaths_max(const delivery::finding& found) const {
  for (const auto& [type, policy] : limits_.retry_by_type)
    if (static_cast<std::uint32_t>(base::stable_hash(type)) == found.type) return policy.process_deaths_max;
  return limits_.retry.process_deaths_max;
}

void partition::note_death(const delivery::finding& found, instant now) {
  if (!found.came_through_a_log()) {
    log.error("request-was-with-the-process-when-it-died",
              {{"service", definition_.name()}, {"id", found.id}, {"what", found.text}});
    if (found.what == delivery::charge::charged) tell_of_fatal_request(found);
    return;
  }
  const auto from = std::find_if(upstreams_.begin(), upstreams_.end(),
                                 [&](const auto& one) { return base::stable_hash(one.first) == found.upstream; });
  if (from == upstreams_.end() || found.what == delivery::charge::none) return;
  const waiting_place where{from->first, found.seq};
  // Committed after all: the process died on its way out of the turn.
  if (found.seq <= from->second.cursor.seq && !waiting_.find(where.upstream, where.seq)) return;
  auto [known, fresh] = suspects_.try_emplace(where);
  auto& row = known->second;
  if (row.scene == accused_->scene) return;
  row.upstream = where.upstream;
  row.seq = where.seq;
  if (const auto mark = waiting_.find(where.upstream, where.seq);
      mark && mark->state == storage::waiting_state::dead) {
    // It was rehearsed, which is no attempt of it: nothing is charged, but from now on it runs alone or not at all.
    row.unexplained = std::max(row.unexplained, 1);
    row.scene = accused_->scene;
    return must(store_->save(row));
  }
  const delivery::suspicion before{row.deaths, row.unexplained, row.kills_alone};
  const auto said = delivery::after_death(before, found, accused_->why, process_deaths_max(found));
  row.deaths = said.account.deaths;
  row.unexplained = said.account.unexplained;
  row.kills_alone = said.account.kills_alone;
  row.condemned = said.dies;
  row.scene = accused_->scene;
  auto story = story_of(row);
  const bool charged = row.deaths > before.deaths;
  delivery::attempt_record death;
  death.started = found.started;
  death.ended = now;
  death.outcome = charged ? its_own : perhaps_its_own;
  death.kind = base::name_of(fault_kind::crash);
  death.text = found.text.empty() ? said.text : found.text;
  death.backtrace = delivery::symbolise(found.frames);
  death.node = environment_.node;
  death.version = environment_.version;
  story.deaths.push_back(std::move(death));
  // What is proven now was suspected before.
  if (charged && row.unexplained == 0)
    for (auto& earlier : story.deaths) earlier.outcome = its_own;
  row.story = describe::to_json(story);
  must(store_->save(row));
  log.error("process-death-attributed", {{"service", definition_.name()},
                                         {"upstream", where.upstream},
                                         {"seq", where.seq},
                                         {"id", found.id},
                                         {"charge", delivery::name_of(found.what)},
                                         {"deaths", row.deaths},
                                         {"what", said.text}});
}

/// Whoever sent it has no answer and may send it again; people shall see what it was.
void partition::tell_of_fatal_request(const delivery::finding& found) {
  std::string type = "a request";
  for (const auto& rule : definition_.handlers())
    if (static_cast<std::uint32_t>(base::stable_hash(rule.type)) == found.type) type = rule.type;
  environment_.cell.strayed(telemetry::stray_reason::process_death);
  strays_.push_back({type + " " + found.id, "the process died of " + type + ": " + found.text,
                     telemetry::stray_reason::process_death});
}

/// Its next try waits until nothing else runs.
void partition::set_alone(const waiting_place& where) {
  auto row = load_waiting(where.upstream, where.seq);
  row.state = storage::waiting_state::alone;
  save_waiting(row);
}

void partition::clear_suspect(const std::string& whose, std::uint64_t seq) {
  if (!is_suspect(whose, seq)) return;
  must(store_->erase_suspect(whose, seq));
  suspects_.erase(waiting_place{whose, seq});
}

/// It was tried and the process lives: what was only suspected of it is not true. What was proven stays, so that it
/// goes alone again.
void partition::clear_suspicion(const std::string& whose, std::uint64_t seq) {
  if (!is_suspect(whose, seq)) return;
  auto& row = suspects_.at(waiting_place{whose, seq});
  if (row.deaths == 0) return clear_suspect(whose, seq);
  row.unexplained = row.kills_alone = 0;
  auto story = story_of(row);
  std::erase_if(story.deaths, [](const auto& death) { return death.outcome == perhaps_its_own; });
  row.story = describe::to_json(story);
  must(store_->save(row));
}

/// The deaths of the process that are proven to be this message's become attempts of it, in their order; those that
/// are not are nobody's.
void partition::charge_deaths(storage::waiting_row& row) {
  if (!is_suspect(row.upstream, row.seq)) return;
  auto& suspect = suspects_.at(waiting_place{row.upstream, row.seq});
  auto story = story_of(suspect);
  for (const auto& death : story.deaths) {
    if (death.outcome != its_own) continue;
    ++row.attempts;
    row.error = death.text;
    if (row.first_failed == instant{} || row.attempts == 1) row.first_failed = death.started;
    row.last_failed = death.ended;
    save_attempt({row.upstream, row.seq, row.attempts_before + row.attempts, row.replay, death.started, death.ended,
                  death.outcome, death.kind, death.text, death.backtrace, death.node, death.version});
  }
  std::erase_if(story.deaths, [](const auto& death) { return death.outcome == its_own; });
  suspect.story = describe::to_json(story);
}

/// Without running it once more. A replay of it goes alone, too.
void partition::bury_condemned(upstream& from, storage::waiting_row row, batch_work& work) {
  work.wrote = true;
  charge_deaths(row);
  row.reason = base::name_of(fault_kind::crash);
  auto& suspect = suspects_.at(waiting_place{row.upstream, row.seq});
  suspect.deaths = suspect.kills_alone = 0;
  suspect.unexplained = 1;
  suspect.condemned = false;
  suspect.story.clear();
  must(store_->save(suspect));
  log.error("message-died", {{"service", definition_.name()},
                             {"type", row.message.type},
                             {"id", row.message.id},
                             {"trace_id", telemetry::trace_id_in(row.message.traceparent)},
                             {"kind", "process_death"},
                             {"error", row.error}});
  bury(from, std::move(row), telemetry::death_reason::handler_crash, work);
}

}  // namespace musiccorp::service

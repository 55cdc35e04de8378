#include "node/cell_factory.hpp"

#include <caf/all.hpp>
#include <set>

#include "base/random.hpp"
#include "service/cell_types.hpp"
#include "service/repartition.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

const telemetry::logger log{"node"};

}  // namespace

cell_factory::cell_factory(const node_options& options, std::span<const service_definition> services,
                           const std::map<std::string, service::wiring>& wires,
                           std::shared_ptr<const base::clock> clock, service::ledger_board& ledgers,
                           observatory& numbers, std::shared_ptr<service::directory> places,
                           std::shared_ptr<supervision::watchdog> watchdog, service::dependency_board& asked,
                           std::shared_ptr<telemetry::span_store> spans)
    : options_{options},
      services_{services},
      wires_{wires},
      clock_{std::move(clock)},
      ledgers_{ledgers},
      numbers_{numbers},
      directory_{std::move(places)},
      watchdog_{std::move(watchdog)},
      asked_{asked},
      spans_{std::move(spans)},
      stores_{storage::sqlite_stores(options_.data, options_.durability)} {}

/// A store that nobody opens is data that nobody sees, because somebody forgot to share it out anew, or to move it;
/// and one that is being moved must not be made anew.
result<void> cell_factory::refuse_strange_stores() const {
  std::error_code no_folder;
  for (const auto& file : std::filesystem::directory_iterator{options_.data / "..", no_folder})
    if (options_.cluster && service::is_repartition_journal(file.path()))
      return failure(fault_kind::conflict, file.path().lexically_normal().string() +
                                               ": a repartition was interrupted; call it again, and it is finished");
  std::set<std::string> expected, services;
  for (const auto& one : services_) expected.insert(one.store_name());
  for (const auto& [name, wires] : wires_) services.insert(name.substr(0, name.find('/')));  // On whatever node.
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator{options_.data, none}) {
    const auto name = file.path().stem().string();
    if (file.path().extension() != ".db" || expected.contains(name)) continue;
    const auto dash = name.rfind('-');
    const bool is_part = dash != std::string::npos && dash + 1 < name.size() &&
                         name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
    if (!services.contains(is_part ? name.substr(0, dash) : name)) continue;
    return failure(fault_kind::conflict,
                   file.path().string() + " belongs to no partition that runs here; `musiccorp repartition` shares " +
                       "keys out anew; a store of a partition that has moved goes with it, to its new node's folder");
  }
  return {};
}

result<void> cell_factory::claim() {
  if (auto known = refuse_strange_stores(); !known) return known;
  return open_slots();
}

result<void> cell_factory::prepare() {
  for (const auto& definition : services_) {
    const auto& name = definition.name();
    const auto special = options_.services.find(definition.service());
    place one{.wires = wires_.at(name),
              .options = special == options_.services.end() ? options_.defaults : special->second,
              .status = std::make_shared<service::cell_status>(),
              .store_numbers = numbers_.store(),
              .queues = {}};
    one.queues = numbers_.queues(name, one.wires);
    one.status->service = name;
    one.status->state = service::cell_state::stopped;  // Until its supervisor starts it.
    one.status->mailbox->limit = one.options.mailbox_limit;
    one.status->mailbox->bytes_limit = one.options.mailbox_bytes_limit;
    if (auto opened = open(definition, one); !opened) return opened;
    numbers_.watch(one.status, one.store_numbers);
    numbers_.limit(name, one.wires, one.options.limits.log_messages_max);
    statuses_.push_back(one.status);
    places_.emplace(name, std::move(one));
  }
  // The stores know what the last death means; from now on the slots are ours.
  if (auto accepted = slots_->accepted(clock_->now()); !accepted) return accepted;
  slots_accepted_ = true;
  return {};
}

/// What an earlier process of this data folder left, and who is to blame for its end.
result<void> cell_factory::open_slots() {
  std::error_code none;
  std::filesystem::create_directories(options_.data, none);  // The stores say it better when this fails.
  auto opened = delivery::in_flight_slots::open(options_.data / "slots");
  if (!opened) return failure(std::move(opened.error()));
  slots_ = std::move(*opened);
  if (slots_->unreadable())
    log.error(
        "slots-unreadable",
        {{"node", options_.name},
         {"error", slots_->unreadable()->text},
         {"meaning", "what the last process died of, if it died, cannot be known; no message is charged for it"}});
  if (!slots_->earlier() || slots_->earlier()->slots.empty()) return {};
  const auto& scene = *slots_->earlier();
  death_ = delivery::attribute(scene, delivery::present_facts_of_this_machine());
  death_scene_ = scene.boot_id + " " + std::to_string(scene.pid) + " " + base::to_text(scene.started);
  log.error("process-died", {{"node", options_.name},
                             {"pid", scene.pid},
                             {"evidence", delivery::name_of(death_->why)},
                             {"messages", death_->findings.size()},
                             {"what", death_->text}});
  return {};
}

result<void> cell_factory::open(const service_definition& definition, place& where) {
  where.prepared = make(definition, where, 1);
  if (death_) {
    std::vector<delivery::finding> ours;
    for (const auto& found : death_->findings)
      if (found.cell == definition.name()) ours.push_back(found);
    if (!ours.empty()) where.prepared->accuse(std::move(ours), death_->why, death_scene_);
  }
  return where.prepared->open(where.first);
}

std::unique_ptr<service::partition> cell_factory::make(const service_definition& definition, place& where,
                                                       std::uint64_t run) {
  const auto seed = base::stable_hash(definition.name() + "/" + std::to_string(run)) ^ options_.seed;
  return std::make_unique<service::partition>(
      definition, where.wires, where.options.limits,
      service::partition_environment{*stores_, *clock_, seed, ledgers_, options_.name, options_.version,
                                     numbers_.cell(definition.name()), where.store_numbers, where.queues, &asked_,
                                     &stopping_, spans_.get()});
}

result<supervision::started_child> cell_factory::start(const service_definition& definition,
                                                       const supervision::start_context& how) {
  const auto& name = definition.name();
  auto& where = places_.at(name);
  auto slot = slots_->of(name);
  if (!slot) return failure(std::move(slot.error()));
  service::cell_options cell;
  cell.core = where.prepared ? std::move(where.prepared) : make(definition, where, how.run);
  cell.first = std::exchange(where.first, {});
  cell.core->use_slot(*slot);
  cell.places = directory_;
  cell.clock = clock_;
  cell.status = where.status;
  cell.gate = &gate_;
  cell.supervisor = how.link;
  cell.watch = watchdog_->watch(name, options_.supervision.handler_deadline);
  where.status->state = service::cell_state::starting;
  const auto who = service::spawn_cell(how.system, std::move(cell));
  directory_->add(name, who);
  caf::anon_send(who, service::start_atom_v);
  return supervision::started_child{who, {}, [who] { caf::anon_send(who, service::rebuild_atom_v); }};
}

void cell_factory::note_memory() {
  if (slots_) slots_->note(delivery::read_oom_kill_counts());
}

void cell_factory::interrupt() {
  stopping_ = true;
  for (const auto& one : services_) one.interrupt();
}

void cell_factory::draining() {
  stopping_ = true;
  if (slots_ && slots_accepted_) slots_->draining();
}

}  // namespace musiccorp::node

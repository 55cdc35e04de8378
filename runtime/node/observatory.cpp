#include "node/observatory.hpp"

#include <caf/config.hpp>

#include "node/operator_gate.hpp"

namespace musiccorp::node {
namespace {

constexpr std::string_view caf_version = "0.17.6";
static_assert(CAF_VERSION == 1706);

std::optional<base::instant> moment(std::int64_t microseconds) {
  if (microseconds == 0) return std::nullopt;
  return base::instant{base::duration{microseconds}};
}

}  // namespace

std::string_view counted_as(std::string_view route) {
  return is_for_operators(route) ? route.substr(0, route.find('/', 1)) : route;
}

observatory::observatory(const base::clock& clock, std::string_view version, service::ledger_board& ledgers)
    : registry_{clock},
      ledgers_{ledgers},
      node_{registry_, {version, version, caf_version}},
      http_{registry_},
      hospital_{registry_},
      free_bytes_{
          registry_.gauges("runtime_store_free_bytes", "What the disk of the stores can still take.").with({})},
      hook_{registry_.on_scrape([this] { read(); })} {}

telemetry::cell_metrics observatory::cell(const std::string& service) { return {registry_, service}; }

std::shared_ptr<telemetry::store_metrics> observatory::store() {
  return std::make_shared<telemetry::store_metrics>(registry_);
}

std::map<std::string, telemetry::queue_metrics, std::less<>> observatory::queues(const std::string& subscriber,
                                                                                 const service::wiring& wires) {
  std::map<std::string, telemetry::queue_metrics, std::less<>> made;
  for (const auto& upstream : wires.upstreams) {
    const auto name = service::queue_name(upstream.service, subscriber);
    made.emplace(upstream.service, telemetry::queue_metrics{registry_, name});
    queues_.emplace(name, watched_queue{telemetry::queue_metrics{registry_, name}});
  }
  return made;
}

void observatory::watch(std::shared_ptr<service::cell_status> status,
                        std::shared_ptr<telemetry::store_metrics> store) {
  watched_cell one{std::move(status), std::move(store), {}, 0};
  one.numbers = telemetry::cell_metrics{registry_, one.status->service};
  one.numbers.mailbox_limit(one.status->mailbox->limit);
  one.numbers.started(registry_.now());
  hospital_.declare(one.status->service);
  cells_.push_back(std::move(one));
}

void observatory::limit(const std::string& service, const service::wiring& wires, std::uint64_t messages) {
  for (const auto& subscriber : wires.subscribers) {
    const auto name = service::queue_name(service, subscriber.service);
    const telemetry::queue_metrics numbers{registry_, name};
    numbers.limit(messages);
    queues_.emplace(name, watched_queue{numbers});  // Its subscriber may be on another node.
  }
}

void observatory::read() {
  for (auto& one : cells_) {
    one.numbers.mailbox_depth(one.status->mailbox->depth());
    one.numbers.requests_pending(one.status->requests_pending);
    const auto refused = one.status->requests_refused.load();
    for (; one.refused_seen < refused; ++one.refused_seen)
      one.numbers.mailbox_rejected(telemetry::mailbox_refusal::full);
    one.store->bytes(one.status->statistics().bytes_on_disk);
  }
  read_queues();
  read_disk();
  if (requests_in_flight_) http_.in_flight(requests_in_flight_());
}

void observatory::read_queues() {
  for (auto& [name, queue] : queues_) {
    const auto books = ledgers_.of(name).read();
    queue.numbers.depth(telemetry::queue_state::ready, books.ready - books.in_flight, moment(books.oldest_ready));
    queue.numbers.depth(telemetry::queue_state::inflight, books.in_flight, std::nullopt);
    queue.numbers.depth(telemetry::queue_state::delayed, books.retrying, moment(books.oldest_waiting));
    queue.numbers.depth(telemetry::queue_state::parked, books.parked, moment(books.oldest_parked));
    queue.numbers.depth(telemetry::queue_state::dead, books.dead, moment(books.oldest_dead));
    queue.numbers.held(books.held);
    queue.numbers.ledger(books.published, books.processed, books.dead, books.discarded,
                         books.ready + books.retrying + books.parked, books.imbalance());
    if (!std::exchange(queue.seen, true)) queue.published_seen = books.published;
    queue.numbers.published(books.published - queue.published_seen);
    queue.published_seen = books.published;
  }
}

void observatory::read_disk() {
  if (disk_.empty()) return;
  std::error_code trouble;
  const auto space = std::filesystem::space(disk_, trouble);
  if (!trouble) free_bytes_.set(space.available);
}

}  // namespace musiccorp::node

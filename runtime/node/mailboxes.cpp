#include "node/mailboxes.hpp"

#include <algorithm>

namespace musiccorp::node {
namespace {

std::optional<base::instant> moment(std::int64_t microseconds) {
  if (microseconds == 0) return std::nullopt;
  return base::instant{base::duration{microseconds}};
}

template <class Row>
std::vector<Row> changed_rows(const std::vector<Row>& earlier, const std::vector<Row>& now, std::string Row::*name) {
  std::vector<Row> changed;
  for (const auto& row : now) {
    const auto before = std::ranges::find(earlier, row.*name, name);
    if (before == earlier.end() || *before != row) changed.push_back(row);
  }
  return changed;
}

}  // namespace

mailbox_view view_of(const service::cell_status& cell) {
  const auto& box = *cell.mailbox;
  const auto store = cell.statistics();
  mailbox_view view;
  view.service = cell.service;
  view.state = service::name_of(cell.state.load());
  view.pending = cell.requests_pending.load();
  view.depth = box.depth();
  view.limit = box.limit;
  view.bytes = box.bytes();
  view.bytes_limit = box.bytes_limit;
  view.accepted = box.accepted.load();
  view.refused = cell.requests_refused.load();
  view.store_bytes = store.bytes_on_disk;
  view.commits = store.commits;
  return view;
}

queue_view view_of(const std::string& name, const service::queue_books& books) {
  const auto colon = name.find(':');
  queue_view view;
  view.queue = name;
  view.upstream = name.substr(0, colon);
  view.subscriber = colon == std::string::npos ? std::string{} : name.substr(colon + 1);
  view.ready = books.ready;
  view.in_flight = books.in_flight;
  view.retrying = books.retrying;
  view.parked = books.parked;
  view.dead = books.dead;
  view.held = books.held;
  view.oldest_ready = moment(books.oldest_ready);
  view.oldest_waiting = moment(books.oldest_waiting);
  view.oldest_parked = moment(books.oldest_parked);
  view.oldest_dead = moment(books.oldest_dead);
  view.published = books.published;
  view.processed = books.processed;
  view.discarded = books.discarded;
  view.imbalance = books.imbalance();
  return view;
}

mailboxes_view look_at(std::span<const std::shared_ptr<service::cell_status>> cells,
                       const service::ledger_board& ledgers, std::string node, base::instant now) {
  mailboxes_view view{std::move(node), now, {}, {}};
  for (const auto& cell : cells) view.services.push_back(view_of(*cell));
  for (const auto& [name, ledger] : ledgers.all()) view.queues.push_back(view_of(name, ledger->read()));
  return view;
}

mailboxes_view changes_since(const mailboxes_view& earlier, const mailboxes_view& now) {
  return {now.node, now.at, changed_rows(earlier.services, now.services, &mailbox_view::service),
          changed_rows(earlier.queues, now.queues, &queue_view::queue)};
}

}  // namespace musiccorp::node

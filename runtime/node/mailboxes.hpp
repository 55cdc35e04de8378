#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "describe/describe.hpp"
#include "service/cell.hpp"
#include "service/ledger.hpp"

/// Where messages wait on this node, as data: what `GET /mailboxes` answers and the console shows.
namespace musiccorp::node {

/// The requests that wait for one service, and the file that it owns.
struct mailbox_view {
  std::string service{};
  std::string state{};
  std::uint64_t depth = 0;
  std::uint64_t pending = 0;
  std::uint64_t limit = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_limit = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t store_bytes = 0;
  std::uint64_t commits = 0;

  friend bool operator==(const mailbox_view&, const mailbox_view&) = default;
  static constexpr auto describe() {
    return describe_as(
        "mailbox", 1, field("service", &mailbox_view::service),
        field("state", &mailbox_view::state, "starting, running, closed (its store failed) or stopped"),
        field("depth", &mailbox_view::depth, "requests without an answer: in the mailbox, or taken from it"),
        field("pending", &mailbox_view::pending, "the part of depth that was taken from the mailbox"),
        field("limit", &mailbox_view::limit, "of depth; above it: 503"),
        field("bytes", &mailbox_view::bytes, "of these requests and of what was gathered to answer them"),
        field("bytes_limit", &mailbox_view::bytes_limit, "of bytes; above it: 503"),
        field("accepted", &mailbox_view::accepted, "bounded messages since the process started"),
        field("refused", &mailbox_view::refused, "with 503, since the process started"),
        field("store_bytes", &mailbox_view::store_bytes, "on disk"),
        field("commits", &mailbox_view::commits, "of the store since the process started"));
  }
};

/// The messages of one subscription, and its ledger at one commit point. Totals are since the stores were made.
/// published = processed + dead + discarded + ready + retrying + parked, or `imbalance` says by how much not.
struct queue_view {
  std::string queue{};
  std::string upstream{};
  std::string subscriber{};
  std::uint64_t ready = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t retrying = 0;
  std::uint64_t parked = 0;
  std::uint64_t dead = 0;
  bool held = false;
  std::optional<base::instant> oldest_ready{};
  std::optional<base::instant> oldest_waiting{};
  std::optional<base::instant> oldest_parked{};
  std::optional<base::instant> oldest_dead{};
  std::uint64_t published = 0;
  std::uint64_t processed = 0;
  std::uint64_t discarded = 0;
  std::int64_t imbalance = 0;

  friend bool operator==(const queue_view&, const queue_view&) = default;
  static constexpr auto describe() {
    return describe_as(
        "queue", 1, field("queue", &queue_view::queue, "upstream:subscriber"),
        field("upstream", &queue_view::upstream, "whose log the messages are from"),
        field("subscriber", &queue_view::subscriber), field("ready", &queue_view::ready, "not yet received"),
        field("in_flight", &queue_view::in_flight, "the part of ready that was sent and is not yet committed"),
        field("retrying", &queue_view::retrying, "wait for their time: retry, deferred, replaying, alone"),
        field("parked", &queue_view::parked, "behind an earlier message of their key"),
        field("dead", &queue_view::dead, "open cases of the hospital"),
        field("held", &queue_view::held,
              "nothing is sent: as many are parked as may be, or one of the two stores went back"),
        field("oldest_ready", &queue_view::oldest_ready, "birth of the oldest of these; missing: there is none"),
        field("oldest_waiting", &queue_view::oldest_waiting), field("oldest_parked", &queue_view::oldest_parked),
        field("oldest_dead", &queue_view::oldest_dead), field("published", &queue_view::published),
        field("processed", &queue_view::processed), field("discarded", &queue_view::discarded),
        field("imbalance", &queue_view::imbalance, "0, or a message was lost or counted twice"));
  }
};

struct mailboxes_view {
  std::string node{};
  base::instant at{};
  std::vector<mailbox_view> services{};
  std::vector<queue_view> queues{};

  static constexpr auto describe() {
    return describe_as("mailboxes", 1, field("node", &mailboxes_view::node), field("at", &mailboxes_view::at),
                       field("services", &mailboxes_view::services), field("queues", &mailboxes_view::queues));
  }
};

[[nodiscard]] mailbox_view view_of(const service::cell_status& cell);
/// `name` is a `service::queue_name`.
[[nodiscard]] queue_view view_of(const std::string& name, const service::queue_books& books);

/// Everything at one moment; each row is consistent in itself. Any thread.
[[nodiscard]] mailboxes_view look_at(std::span<const std::shared_ptr<service::cell_status>> cells,
                                     const service::ledger_board& ledgers, std::string node, base::instant now);

/// What differs from an earlier look, as whole rows. Rows are never removed while a node runs. Pure.
[[nodiscard]] mailboxes_view changes_since(const mailboxes_view& earlier, const mailboxes_view& now);

}  // namespace musiccorp::node

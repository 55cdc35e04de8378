#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "describe/describe.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::node {

/// One span, as `GET /trace/{id}` tells it.
struct span_view {
  std::string span_id;
  std::string parent_id;
  std::int32_t depth = 0;
  bool is_orphan = false;
  std::string node;
  std::string kind;
  std::string service;
  std::string type;
  std::string source;
  std::uint64_t seq = 0;
  instant began{};
  std::int64_t took_us = 0;
  std::string state;
  std::string why;
  std::int32_t attempt = 0;

  static constexpr auto describe() {
    return describe_as(
        "span", 1, field("span_id", &span_view::span_id),
        field("parent_id", &span_view::parent_id, "what caused it; empty: nothing", defaulted),
        field("depth", &span_view::depth, "how many spans are above it in the tree", defaulted),
        field("is_orphan", &span_view::is_orphan, "its cause is not here: outside of the shop, or forgotten",
              defaulted),
        field("node", &span_view::node), field("kind", &span_view::kind, "request, hop, attempt, turn or commit"),
        field("service", &span_view::service, "who did it"), field("type", &span_view::type, "of the message"),
        field("source", &span_view::source, "who wrote the message"),
        field("seq", &span_view::seq, "of the message in its source's log; 0: not in a log", defaulted),
        field("began", &span_view::began), field("took_us", &span_view::took_us, "microseconds"),
        field("state", &span_view::state, "ok, rejected, deferred or failed"),
        field("why", &span_view::why, "kind of trouble", defaulted),
        field("attempt", &span_view::attempt, "number of a failed attempt", defaulted));
  }
};

/// Whether a node told its spans.
struct trace_source {
  std::string node;
  bool answered = true;
  std::string trouble;
  static constexpr auto describe() {
    return describe_as("trace_source", 1, field("node", &trace_source::node),
                       field("answered", &trace_source::answered),
                       field("trouble", &trace_source::trouble, "why it did not", defaulted));
  }
};

/// What `GET /trace/{id}` answers: all that is still known of a conversation, each span below its cause.
struct trace_page {
  std::string trace_id;
  std::vector<trace_source> nodes;
  std::vector<span_view> spans;

  static constexpr auto describe() {
    return describe_as("trace_page", 1, field("trace_id", &trace_page::trace_id),
                       field("nodes", &trace_page::nodes, "who was asked"),
                       field("spans", &trace_page::spans,
                             "a tree, written down from its root; the effects of one cause in the order of time"));
  }
};

/// What this node knows, not yet in order.
[[nodiscard]] std::vector<span_view> spans_of(const telemetry::span_store& store, const telemetry::trace_id& trace,
                                              const std::string& node);

/// Puts each below its cause and sets `depth` and `is_orphan`. What was told twice is there once; a circle of causes,
/// which only a hostile node can tell, is cut.
[[nodiscard]] std::vector<span_view> as_tree(std::vector<span_view> spans);

}  // namespace musiccorp::node

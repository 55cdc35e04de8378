#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "describe/shape.hpp"

/// What a node file says, with its defaults. Units are in the names. The documentation of each value is beside it:
/// the JSON Schema and `config explain` show the same words.
namespace musiccorp::config {

enum class log_form : std::uint8_t { automatic, human, json };
constexpr auto describe_choice(log_form) { return std::array<std::string_view, 3>{"auto", "human", "json"}; }

enum class log_detail : std::uint8_t { debug, info, warning, error, off };
constexpr auto describe_choice(log_detail) {
  return std::array<std::string_view, 5>{"debug", "info", "warning", "error", "off"};
}

enum class durability_choice : std::uint8_t { fsync, process };
constexpr auto describe_choice(durability_choice) { return std::array<std::string_view, 2>{"fsync", "process"}; }

struct http_config {
  std::string host = "127.0.0.1";
  std::int32_t port = 8080;
  std::int32_t io_threads = 1;
  std::int64_t body_limit_bytes = 1 << 20;
  std::int64_t header_limit_bytes = 16 << 10;
  std::int32_t connections_max = 4096;
  std::int32_t requests_in_flight_max = 2048;
  std::int64_t idle_timeout_ms = 60'000;
  std::int64_t header_timeout_ms = 10'000;
  std::int64_t body_timeout_ms = 30'000;
  std::int64_t request_timeout_ms = 5'000;
  std::string operator_token_file{};

  static constexpr auto describe() {
    return describe_as(
        "http_config", 1, field("host", &http_config::host, "Address to listen on", defaulted, between(1, 255)),
        field("port", &http_config::port, "TCP port; 0 takes a free one", defaulted, between(0, 65'535)),
        field("io_threads", &http_config::io_threads, "Threads for connections", defaulted, between(1, 64)),
        field("body_limit_bytes", &http_config::body_limit_bytes, "Largest request body; above it 413", defaulted,
              between(1'024, 1LL << 30)),
        field("header_limit_bytes", &http_config::header_limit_bytes, "Largest request head; above it 431", defaulted,
              between(1'024, 1 << 20)),
        field("connections_max", &http_config::connections_max, "Open connections; above it 503", defaulted,
              between(1, 100'000)),
        field("requests_in_flight_max", &http_config::requests_in_flight_max,
              "Requests without an answer yet; above it 503", defaulted, between(1, 100'000)),
        field("idle_timeout_ms", &http_config::idle_timeout_ms, "A silent connection is closed after this", defaulted,
              between(100, 3'600'000)),
        field("header_timeout_ms", &http_config::header_timeout_ms,
              "A request head must be whole within this; else 408", defaulted, between(100, 3'600'000)),
        field("body_timeout_ms", &http_config::body_timeout_ms, "A request body must be whole within this; else 408",
              defaulted, between(100, 3'600'000)),
        field("request_timeout_ms", &http_config::request_timeout_ms,
              "A service must have answered within this; else 504", defaulted, between(10, 600'000)),
        field("operator_token_file", &http_config::operator_token_file,
              "Holds what operators must say to see and change the shop from inside; without it they must be on this "
              "machine",
              defaulted));
  }
};

struct scheduler_config {
  std::int32_t threads = 0;
  std::int32_t throughput = 200;

  static constexpr auto describe() {
    return describe_as(
        "scheduler_config", 1,
        field("threads", &scheduler_config::threads, "Threads for cells; 0: one for each service and two more",
              defaulted, between(0, 1'024)),
        field("throughput", &scheduler_config::throughput,
              "Messages that one actor may handle before the next one's turn", defaulted, between(1, 100'000)));
  }
};

struct log_settings {
  log_detail level = log_detail::info;
  log_form format = log_form::automatic;
  std::string file;
  std::map<std::string, log_detail> levels;

  static constexpr auto describe() {
    return describe_as(
        "log_config", 1, field("level", &log_settings::level, "Least important line that is written", defaulted),
        field("format", &log_settings::format, "auto: for people on a terminal, JSON lines elsewhere", defaulted),
        field("file", &log_settings::file, "Write here instead of to stderr", defaulted),
        field("levels", &log_settings::levels, "Levels of single components", defaulted));
  }
};

struct retry_config {
  std::int32_t attempts_max = 5;
  std::int64_t delay_first_ms = 100;
  std::int64_t delay_longest_ms = 30'000;
  std::int32_t jitter_percent = 100;
  std::int64_t deadline_ms = 86'400'000;
  std::int32_t process_deaths_max = 2;
  std::int64_t retry_after_longest_ms = 3'600'000;

  static constexpr auto describe() {
    return describe_as(
        "retry_config", 1,
        field("attempts_max", &retry_config::attempts_max, "Failed attempts after which a message is a dead letter",
              defaulted, between(1, 1'000)),
        field("delay_first_ms", &retry_config::delay_first_ms,
              "Longest wait after the first failure; doubles with each further one", defaulted,
              between(1, 3'600'000)),
        field("delay_longest_ms", &retry_config::delay_longest_ms, "No wait is longer than this", defaulted,
              between(1, 86'400'000)),
        field("jitter_percent", &retry_config::jitter_percent,
              "The part of each wait that is random; 100: full jitter", defaulted, between(0, 100)),
        field("deadline_ms", &retry_config::deadline_ms,
              "A message dies this long after its first failure, whatever attempts are left", defaulted,
              between(1, 31'536'000'000)),
        field("process_deaths_max", &retry_config::process_deaths_max,
              "Proven deaths of the process after which its message is a dead letter. A death without a trace "
              "(SIGKILL) may have come from outside: only the third in a row in which the message ran alone proves "
              "it, and all before it",
              defaulted, between(1, 1'000)),
        field("retry_after_longest_ms", &retry_config::retry_after_longest_ms,
              "Longest wait that another side's Retry-After can ask for; longer ones are cut to it", defaulted,
              between(1, 31'536'000'000)));
  }
};

enum class order_choice : std::uint8_t { park, block, none };
constexpr auto describe_choice(order_choice) { return std::array<std::string_view, 3>{"park", "block", "none"}; }

/// What is done about messages of one key when one of them fails.
struct order_config {
  order_choice policy = order_choice::park;
  std::int64_t parked_per_key_max = 1'000;
  std::int64_t parked_max = 100'000;

  static constexpr auto describe() {
    return describe_as("order_config", 1,
                       field("policy", &order_config::policy,
                             "park: the others of its key wait until a dead letter is replayed or discarded; block: "
                             "a message is tried "
                             "again for ever instead of dying of its attempts; none: they go on without it",
                             defaulted),
                       field("parked_per_key_max", &order_config::parked_per_key_max,
                             "Messages parked behind one; at the limit the subscription gets no more", defaulted,
                             between(1, 1'000'000)),
                       field("parked_max", &order_config::parked_max,
                             "Messages parked from one upstream; at the limit the subscription gets no more",
                             defaulted, between(1, 10'000'000)));
  }
};

struct stream_config {
  std::int64_t window_messages = 1'024;
  std::int64_t window_bytes = 1 << 20;
  std::int64_t batch_messages = 512;
  std::int64_t payload_bytes_max = 1 << 20;
  std::int64_t log_kept_s = 86'400;
  std::int64_t log_messages_max = 1'000'000;
  std::int64_t deferral_longest_ms = 3'600'000;
  std::int64_t answers_kept_s = 86'400;

  static constexpr auto describe() {
    return describe_as(
        "stream_config", 1,
        field("window_messages", &stream_config::window_messages, "Messages in flight on one stream", defaulted,
              between(1, 1'000'000)),
        field("window_bytes", &stream_config::window_bytes, "Bytes in flight on one stream", defaulted,
              between(1'024, 1LL << 30)),
        field("batch_messages", &stream_config::batch_messages, "Messages handled in one commit", defaulted,
              between(1, 100'000)),
        field("payload_bytes_max", &stream_config::payload_bytes_max, "Largest message that a rule may send",
              defaulted, between(1'024, 1LL << 30)),
        field("log_kept_s", &stream_config::log_kept_s,
              "Messages are kept at least this long, and until every subscriber has them", defaulted,
              between(0, 31'536'000)),
        field("log_messages_max", &stream_config::log_messages_max,
              "Messages that not every subscriber has; above it requests that would say more get 503", defaulted,
              between(1, 1'000'000'000)),
        field("deferral_longest_ms", &stream_config::deferral_longest_ms,
              "A message that a rule puts off for longer dies", defaulted, between(1, 31'536'000'000)),
        field("answers_kept_s", &stream_config::answers_kept_s,
              "A repeated Idempotency-Key gets the same answer for this long, and while a case about it is open",
              defaulted, between(1, 31'536'000)));
  }
};

struct service_config {
  std::int64_t mailbox_limit = 10'000;
  std::int64_t mailbox_bytes_limit = 64LL << 20;
  std::optional<retry_config> retry;
  std::map<std::string, retry_config> retry_by_type;
  std::optional<order_config> order;
  describe::raw_json settings;

  static constexpr auto describe() {
    return describe_as(
        "service_config", 1,
        field("mailbox_limit", &service_config::mailbox_limit,
              "Requests without an answer that it holds; above it 503", defaulted, between(1, 10'000'000)),
        field("mailbox_bytes_limit", &service_config::mailbox_bytes_limit,
              "Bytes of these, and of what was gathered to answer them; above it 503", defaulted,
              between(1'024, 1LL << 40)),
        field("order", &service_config::order, "Instead of the node's; what it leaves out is as there"),
        field("retry", &service_config::retry, "Instead of the node's; what it leaves out is as there"),
        field("retry_by_type", &service_config::retry_by_type,
              "Instead of the service's, by message type; what one leaves out is as there", defaulted),
        field("settings", &service_config::settings,
              "What the service itself wants to know; see its own documentation", defaulted));
  }
};

enum class wedge_choice : std::uint8_t { wait, end_process };
constexpr auto describe_choice(wedge_choice) { return std::array<std::string_view, 2>{"wait", "end_process"}; }

/// When a service counts as broken, and what is done about it.
struct supervision_config {
  std::int32_t restarts_max = 5;
  std::int64_t restarts_period_ms = 10'000;
  std::int32_t differing_crashes = 3;
  std::int32_t services_restarts_max = 20;
  std::int64_t delay_first_ms = 500;
  std::int64_t delay_longest_ms = 30'000;
  std::int64_t handler_deadline_ms = 30'000;
  wedge_choice wedged = wedge_choice::wait;

  static constexpr auto describe() {
    return describe_as(
        "supervision_config", 1,
        field("restarts_max", &supervision_config::restarts_max,
              "Failures of one service that count, within the period; one more and the service is started anew",
              defaulted, between(0, 1'000)),
        field("restarts_period_ms", &supervision_config::restarts_period_ms, "The period", defaulted,
              between(1, 3'600'000)),
        field(
            "differing_crashes", &supervision_config::differing_crashes,
            "Crashes in a row, of different messages, until a crash of a rule counts: one message that crashes again "
            "spends its own attempts",
            defaulted, between(1, 1'000)),
        field("services_restarts_max", &supervision_config::services_restarts_max,
              "Services started anew within a minute; one more and the node gives up", defaulted, between(0, 10'000)),
        field("delay_first_ms", &supervision_config::delay_first_ms,
              "Wait before a service's second restart in a row; doubles with each further one", defaulted,
              between(0, 3'600'000)),
        field("delay_longest_ms", &supervision_config::delay_longest_ms, "No wait is longer than this", defaulted,
              between(1, 86'400'000)),
        field("handler_deadline_ms", &supervision_config::handler_deadline_ms,
              "A rule or a commit that takes longer is wedged", defaulted, between(10, 86'400'000)),
        field("wedged", &supervision_config::wedged,
              "wait: it is only told, and the node is not healthy; end_process: the process ends at once, so that "
              "whoever supervises it starts it again and the message is suspected",
              defaulted));
  }
};

/// When a service is no longer asked because it does not answer, and when it is tried again.
struct breaker_config {
  std::int32_t failures_in_row = 10;
  std::int32_t failures_percent = 50;
  std::int32_t calls_min = 20;
  std::int64_t window_ms = 10'000;
  std::int64_t open_first_ms = 500;
  std::int64_t open_longest_ms = 10'000;
  std::int32_t jitter_percent = 20;
  std::int32_t probes_max = 1;

  static constexpr auto describe() {
    return describe_as(
        "breaker_config", 1,
        field(
            "failures_in_row", &breaker_config::failures_in_row,
            "Asks in a row that end unavailable, overloaded or without an answer, after which it opens; 0: never for "
            "that",
            defaulted, between(0, 1'000'000)),
        field("failures_percent", &breaker_config::failures_percent,
              "It also opens at a failure when so many of the window's asks failed; 0: never for that", defaulted,
              between(0, 100)),
        field("calls_min", &breaker_config::calls_min, "Asks in the window, below which their share says nothing",
              defaulted, between(1, 1'000'000)),
        field("window_ms", &breaker_config::window_ms, "The window", defaulted, between(100, 3'600'000)),
        field(
            "open_first_ms", &breaker_config::open_first_ms,
            "Wait before the first probe; doubles with each probe that fails, and is at least what the other side's "
            "Retry-After says (10 minutes at most)",
            defaulted, between(1, 3'600'000)),
        field("open_longest_ms", &breaker_config::open_longest_ms, "No doubled wait is longer than this", defaulted,
              between(1, 3'600'000)),
        field("jitter_percent", &breaker_config::jitter_percent, "The part of each wait that is random", defaulted,
              between(0, 100)),
        field("probes_max", &breaker_config::probes_max, "Requests at once that may try whether it is back",
              defaulted, between(1, 1'000)));
  }
};

/// Which conversations are remembered, span by span.
struct traces_config {
  std::int32_t begun_one_in = 16;
  std::string endpoint{};
  std::int64_t spans_queued_max = 50'000;

  static constexpr auto describe() {
    return describe_as(
        "traces_config", 1,
        field("begun_one_in", &traces_config::begun_one_in,
              "One of so many requests that bring no traceparent begins a trace; 0: none. A caller's own "
              "always goes on",
              defaulted, between(0, 1'000'000)),
        field("endpoint", &traces_config::endpoint,
              "Spans go to this collector, as OTLP/HTTP with JSON: \"http://localhost:4318/v1/traces\"; empty: they "
              "stay here",
              defaulted),
        field("spans_queued_max", &traces_config::spans_queued_max,
              "So many spans may wait for the collector; further ones are not exported, and counted", defaulted,
              between(16, 10'000'000)));
  }
};

struct node_config {
  std::string schema;
  std::string node = "shop";
  std::string data;
  http_config http;
  scheduler_config scheduler;
  log_settings log;
  durability_choice durability = durability_choice::fsync;
  retry_config retry;
  order_config order;
  stream_config streams;
  supervision_config supervision;
  breaker_config breaker;
  traces_config traces;
  std::int64_t stop_longest_ms = 5'000;
  std::optional<std::int64_t> seed;
  std::map<std::string, std::string> imports;
  std::map<std::string, service_config> services;

  static constexpr auto describe() {
    return describe_as(
        "node_config", 1, field("$schema", &node_config::schema, "For editors; ignored", defaulted),
        field("node", &node_config::node, "Name of this node", defaulted, between(1, 64)),
        field("data", &node_config::data,
              "Folder for the stores, from this file's folder; empty: .data/<node> of the project", defaulted),
        field("http", &node_config::http, "The door", defaulted),
        field("scheduler", &node_config::scheduler, "Threads", defaulted),
        field("log", &node_config::log, "Log lines", defaulted),
        field("durability", &node_config::durability,
              "fsync: a commit is on disk before anything leaves; process: survives the process, not the machine",
              defaulted),
        field("retry", &node_config::retry, "What happens to a message that fails", defaulted),
        field("order", &node_config::order, "What happens to those of its key", defaulted),
        field("streams", &node_config::streams, "Messages between services", defaulted),
        field("supervision", &node_config::supervision, "What happens to a service that fails", defaulted),
        field("breaker", &node_config::breaker, "What happens to requests that need a service that does not answer",
              defaulted),
        field("traces", &node_config::traces, "Which conversations are remembered, span by span", defaulted),
        field("stop_longest_ms", &node_config::stop_longest_ms,
              "An orderly stop takes at most this long; what is not done by then is cut", defaulted,
              between(100, 600'000)),
        field("seed", &node_config::seed, "Of the random generator; missing: from the system", at_least(0)),
        field("imports", &node_config::imports,
              "Files that a service reads at its first start, from this file's folder", defaulted),
        field("services", &node_config::services, "By name: services that differ from the defaults", defaulted));
  }
};

}  // namespace musiccorp::config

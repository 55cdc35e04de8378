#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/node_config.hpp"
#include "describe/describe.hpp"
#include "http/dispatch.hpp"

/// Which log lines a running node writes.
namespace musiccorp::node {

/// What `GET /logs` answers, and each change.
struct log_page {
  std::map<std::string, std::string> levels;
  std::uint64_t lines_lost = 0;

  static constexpr auto describe() {
    return describe_as("log_page", 1, field("levels", &log_page::levels, "the least that each component writes"),
                       field("lines_lost", &log_page::lines_lost, "that the disk or the terminal did not take"));
  }
};

struct log_order {
  config::log_detail level = config::log_detail::info;
  std::string by;
  std::string reason;

  static constexpr auto describe() {
    return describe_as("log_order", 1, field("level", &log_order::level),
                       field("by", &log_order::by, between(1, 100)),
                       field("reason", &log_order::reason, between(1, 500)));
  }
};

/// `GET /logs`, and `POST /logs/{component}` with a log_order, where `all` is every component: until the process
/// ends, the configuration stays as it is. 404 for a component that does not write.
[[nodiscard]] std::vector<http::route> log_routes();

}  // namespace musiccorp::node

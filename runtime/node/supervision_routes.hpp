#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "describe/describe.hpp"
#include "http/dispatch.hpp"
#include "service/dependencies.hpp"
#include "supervision/supervision_board.hpp"
#include "supervision/watchdog.hpp"

namespace musiccorp::node {

/// One thing that an operator did.
struct operator_action {
  instant at{};
  std::string by;
  std::string action;
  std::string child;
  std::string reason;
  std::string outcome = "asked";

  static constexpr auto describe() {
    return describe_as("operator_action", 1, field("at", &operator_action::at),
                       field("by", &operator_action::by, "who said so"),
                       field("action", &operator_action::action, "restart, stop or start"),
                       field("child", &operator_action::child, "path"), field("reason", &operator_action::reason),
                       field("outcome", &operator_action::outcome, "asked: it is not decided yet"));
  }
};

/// What `GET /supervision` answers.
struct supervision_page {
  std::vector<supervision::supervisor_view> tree;
  std::vector<supervision::overdue_view> overdue;
  std::vector<operator_action> actions;
  std::vector<service::dependency_view> dependencies;

  static constexpr auto describe() {
    return describe_as(
        "supervision_page", 1, field("tree", &supervision_page::tree, "supervisors without a parent"),
        field("overdue", &supervision_page::overdue, "handlers over their deadline"),
        field("actions", &supervision_page::actions, "of operators since the start, newest first"),
        field("dependencies", &supervision_page::dependencies, "services that services ask, by who asks", defaulted));
  }
};

/// What an operator says with it.
struct operator_command {
  std::string reason;
  std::string by;

  static constexpr auto describe() {
    return describe_as("operator_command", 1, field("reason", &operator_command::reason, between(1, 500)),
                       field("by", &operator_command::by, between(1, 100)));
  }
};

/// Remembers what operators did: in the log, and the last ones for the page. Each is written down when it is asked
/// for, so that it is also known when nobody lives to tell how it ended, and again at its end. Thread-safe.
class operator_audit {
 public:
  /// Its number, for `ended`.
  std::uint64_t asked(operator_action action);
  void ended(std::uint64_t number, std::string outcome);
  [[nodiscard]] std::vector<operator_action> last() const;

 private:
  static constexpr std::size_t kept = 100;
  mutable std::mutex mutex_;
  std::uint64_t number_ = 0;  ///< of the newest; guarded by `mutex_`, as is `actions_`
  std::deque<operator_action> actions_;
};

/// `GET /supervision`, and `POST /supervision/{child}/restart|stop|start`. {child} is its path (slashes encoded), or
/// as much of the end of its path as is unique: `order` or `order/0`. Answers 404 for an unknown child, 409 when it
/// can't be done now (it is being restarted, say), 200 with the operator_action when it is done.
[[nodiscard]] std::vector<http::route> supervision_routes(std::shared_ptr<supervision::supervision_board> board,
                                                          std::shared_ptr<supervision::watchdog> watchdog,
                                                          std::shared_ptr<const service::dependency_board> asked,
                                                          std::shared_ptr<const base::clock> clock);

}  // namespace musiccorp::node

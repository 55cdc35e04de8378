#include "node/supervision_routes.hpp"

#include <algorithm>
#include <caf/all.hpp>

#include "describe/json.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "supervision/supervisor_actor.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::node {
namespace {

const telemetry::logger log{"node"};

void write(const operator_action& action) {
  log.warn("operator-action", {{"action", action.action},
                               {"child", action.child},
                               {"by", action.by},
                               {"reason", action.reason},
                               {"outcome", action.outcome}});
}

template <describe::described T>
http::reply json_reply(const T& value, int status = 200) {
  http::reply reply;
  reply.status = status;
  reply.body = describe::to_json(value);
  return reply;
}

/// Paths of all children below these supervisors.
void collect(const std::vector<supervision::supervisor_view>& tree, std::vector<std::string>& paths) {
  for (const auto& one : tree)
    for (const auto& child : one.children) {
      paths.push_back(one.path + "/" + child.id);
      collect(child.supervises, paths);
    }
}

/// The whole path of what is named by the end of it.
result<std::string> whole_path(const supervision::supervision_board& board, const std::string& name) {
  std::vector<std::string> paths;
  collect(board.tree(), paths);
  if (std::ranges::find(paths, name) != paths.end()) return name;
  std::string found;
  for (const auto& path : paths) {
    if (!path.ends_with("/" + name)) continue;
    if (!found.empty()) return failure(fault_kind::invalid, name + " may be " + found + " or " + path);
    found = path;
  }
  if (found.empty()) return failure(fault_kind::not_found, "there is no child " + name);
  return found;
}

using command = void (supervision::supervisor_handle::*)(std::string, supervision::on_answer) const;

struct desk {
  std::shared_ptr<supervision::supervision_board> board;
  std::shared_ptr<const base::clock> clock;
  std::shared_ptr<operator_audit> audit;

  void act(const std::string& verb, command what, const http::request& request,
           const std::shared_ptr<http::exchange>& exchange) const {
    auto wanted = describe::from_json<operator_command>(request.body);
    if (!wanted) return exchange->respond(http::problem_reply(wanted.error()));
    const auto path = whole_path(*board, std::string{request.parameter("child")});
    if (!path) return exchange->respond(http::problem_reply(path.error()));
    const auto slash = path->rfind('/');
    const auto supervisor = board->find(path->substr(0, slash));
    if (!supervisor)
      return exchange->respond(
          http::problem_reply(base::fault{fault_kind::unavailable, "its supervisor is not there", {}, {}}));
    operator_action done{clock->now(), wanted->by, verb, *path, wanted->reason};
    (supervision::supervisor_handle{supervisor}.*what)(
        path->substr(slash + 1), [exchange, done, audit = audit,
                                  number = audit->asked(done)](const supervision::command_answer& said) mutable {
          done.outcome = describe::name_of(said.what);
          audit->ended(number, done.outcome);
          if (said.what == supervision::outcome::done) return exchange->respond(json_reply(done));
          const auto text = done.child + ": " + done.outcome + (said.text.empty() ? "" : ": " + said.text);
          exchange->respond(http::problem_reply(base::fault{fault_kind::conflict, text, {}, {}}));
        });
  }
};

}  // namespace

std::uint64_t operator_audit::asked(operator_action action) {
  write(action);
  const std::lock_guard hold{mutex_};
  actions_.push_front(std::move(action));
  if (actions_.size() > kept) actions_.pop_back();
  return ++number_;
}

void operator_audit::ended(std::uint64_t number, std::string outcome) {
  const std::lock_guard hold{mutex_};
  const auto behind = number_ - number;  // So many came after it.
  if (behind >= actions_.size()) return;
  actions_[behind].outcome = std::move(outcome);
  write(actions_[behind]);
}

std::vector<operator_action> operator_audit::last() const {
  const std::lock_guard hold{mutex_};
  return {actions_.begin(), actions_.end()};
}

std::vector<http::route> supervision_routes(std::shared_ptr<supervision::supervision_board> board,
                                            std::shared_ptr<supervision::watchdog> watchdog,
                                            std::shared_ptr<const service::dependency_board> asked,
                                            std::shared_ptr<const base::clock> clock) {
  const auto audit = std::make_shared<operator_audit>();
  const desk all{board, std::move(clock), audit};
  std::vector<http::route> table;
  table.push_back({"GET", "/supervision",
                   [board, watchdog = std::move(watchdog), audit, asked = std::move(asked)](
                       const http::request&, const std::shared_ptr<http::exchange>& exchange) {
                     exchange->respond(json_reply(
                         supervision_page{board->tree(), watchdog->overdue(), audit->last(), asked->all()}));
                   }});
  const auto post = [&](const std::string& verb, command what) {
    table.push_back(
        {"POST", "/supervision/{child}/" + verb,
         [all, verb, what](const http::request& request, const std::shared_ptr<http::exchange>& exchange) {
           all.act(verb, what, request, exchange);
         }});
  };
  using handle = supervision::supervisor_handle;
  post("restart", &handle::replace_child);
  post("stop", &handle::terminate_child);
  post("start", &handle::restart_child);
  return table;
}

}  // namespace musiccorp::node

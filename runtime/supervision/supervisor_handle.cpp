// What others send to a supervisor.
#include <caf/all.hpp>

#include "supervision/supervisor_messages.hpp"

namespace musiccorp::supervision {

using kind = command_message::kind;

child_link::child_link(caf::actor_addr supervisor, child_ref which)
    : supervisor_(std::move(supervisor)), which_(which) {}

void child_link::up() const {
  if (const auto to = caf::actor_cast<caf::actor>(supervisor_)) caf::anon_send(to, up_message{which_});
}

void child_link::crashed(crash_report crash) const {
  std::vector<crash_report> one;
  one.push_back(std::move(crash));
  crashed_in_batch(std::move(one));
}

void child_link::crashed_in_batch(std::vector<crash_report> crashes) const {
  if (crashes.empty()) return;
  if (const auto to = caf::actor_cast<caf::actor>(supervisor_))
    caf::anon_send(to, crash_message{which_, std::move(crashes)});
}

namespace {

void send(const caf::actor& to, command_message what, on_answer then) {
  if (then) what.answer = std::make_shared<answer_slot>(std::move(then));
  if (to) caf::anon_send(to, std::move(what));
}

}  // namespace

void supervisor_handle::start_child(supervised_child child, on_answer then) const {
  send(supervisor_, {.what = kind::start, .children = {std::move(child)}}, std::move(then));
}
void supervisor_handle::restart_child(std::string id, on_answer then) const {
  send(supervisor_, {.what = kind::restart, .id = std::move(id)}, std::move(then));
}
void supervisor_handle::terminate_child(std::string id, on_answer then) const {
  send(supervisor_, {.what = kind::terminate, .id = std::move(id)}, std::move(then));
}
void supervisor_handle::delete_child(std::string id, on_answer then) const {
  send(supervisor_, {.what = kind::remove, .id = std::move(id)}, std::move(then));
}
void supervisor_handle::replace_child(std::string id, on_answer then) const {
  send(supervisor_, {.what = kind::replace, .id = std::move(id)}, std::move(then));
}
void supervisor_handle::change(supervisor_options options, std::vector<supervised_child> children,
                               on_answer then) const {
  send(supervisor_, {.what = kind::change, .children = std::move(children), .options = options}, std::move(then));
}
void supervisor_handle::stop(bool hurry) const { send(supervisor_, {.what = kind::stop, .hurry = hurry}, {}); }

}  // namespace musiccorp::supervision

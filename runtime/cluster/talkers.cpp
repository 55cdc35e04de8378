#include "cluster/talkers.hpp"

#include "describe/json.hpp"

namespace musiccorp::cluster {

namespace {
const refusal crossing{refusal_reason::busy, "the two nodes call each other at once"};
const refusal slow_disk{refusal_reason::busy, "the epochs cannot be written down now"};
}  // namespace

answering::~answering() {
  if (link_ && !is_taken_) link_->answer_ended();
}

talker::reply answering::hear(std::string_view text, bool is_encrypted, const std::set<std::string>& names) {
  return link_ ? hear_verdict(text) : hear_hello(text, {is_encrypted, names});
}

talker::reply answering::refuse(const refusal& why) {
  mesh_.refused(said_, address_, why, false);
  return {describe::to_json(to_verdict(why)), true, false};
}

talker::reply answering::hear_hello(std::string_view text, const evidence& proof) {
  auto read = describe::from_json<hello>(text);
  if (!read) return refuse({refusal_reason::unreadable, "it says no hello: " + read.error().text});
  said_ = std::move(*read);
  const auto found = mesh_.judge(said_, proof);
  if (const auto* no = std::get_if<refusal>(&found)) return refuse(*no);
  protocol_ = std::get<std::uint32_t>(found);
  auto* link = mesh_.link_with(said_.node);
  if (!link->begin_answer(mesh_.own_call_wins(said_.node), steady_now())) return refuse(crossing);
  link_ = link;
  session_ = mesh_.make_session();
  return {describe::to_json(verdict{
              .accepted = true, .reason = {}, .text = {}, .session = session_, .own = mesh_.own_hello(said_.node)}),
          false, false};
}

talker::reply answering::hear_verdict(std::string_view text) {
  const auto read = describe::from_json<verdict>(text);
  if (!read) return refuse({refusal_reason::unreadable, "it says no verdict: " + read.error().text});
  if (!read->accepted) {
    mesh_.refused(said_, address_, to_refusal(*read), true);
    return {{}, true, false};
  }
  // Not before it is sure that the caller wants it: only a link makes an epoch known.
  if (!mesh_.note(said_)) return refuse(slow_disk);
  return {{}, true, true};
}

void answering::take(wire connection) {
  is_taken_ = true;
  mesh_.enter(*link_, said_, protocol_, session_, std::move(connection), false);
}

/// As far as it has said one; the name is that of the node that was called.
hello calling::peer_hello() const {
  auto known = said_.own.value_or(hello{});
  known.node = link_.whom().name;
  return known;
}

std::string calling::opening() { return describe::to_json(mesh_.own_hello(link_.whom().name)); }

talker::reply calling::refuse(const refusal& why) {
  mesh_.refused(peer_hello(), link_.whom().address(), why, false);
  return {describe::to_json(to_verdict(why)), true, false};
}

talker::reply calling::hear(std::string_view text, bool is_encrypted, const std::set<std::string>& names) {
  auto read = describe::from_json<verdict>(text);
  if (!read || (read->accepted && (!read->own || read->session.empty())))
    return refuse({refusal_reason::unreadable, "it says no verdict"});
  if (!read->accepted) {
    const auto why = to_refusal(*read);
    is_put_off_ = is_passing(why.reason);
    mesh_.refused(peer_hello(), link_.whom().address(), why, true);
    return {{}, true, false};
  }
  said_ = std::move(*read);
  if (said_.own->node != link_.whom().name)
    return refuse({refusal_reason::unknown_node,
                   "wanted node \"" + link_.whom().name + "\", found \"" + said_.own->node + "\""});
  const auto found = mesh_.judge(*said_.own, {is_encrypted, names});
  if (const auto* no = std::get_if<refusal>(&found)) return refuse(*no);
  protocol_ = std::get<std::uint32_t>(found);
  if (!mesh_.note(*said_.own)) return refuse(slow_disk);
  if (!link_.finish_call()) return refuse(crossing);
  return {describe::to_json(verdict{.accepted = true}), true, true};
}

void calling::take(wire connection) {
  mesh_.enter(link_, *said_.own, protocol_, said_.session, std::move(connection), true);
}

}  // namespace musiccorp::cluster

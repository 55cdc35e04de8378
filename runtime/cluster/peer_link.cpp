#include "cluster/peer_link.hpp"

#include <algorithm>
#include <utility>

#include "describe/json.hpp"

namespace musiccorp::cluster {

using std::lock_guard;

moment steady_now() { return std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now()); }

peer_link::peer_link(const peer& who, const link_options& options, const base::clock& time, bridge& carrier,
                     on_change tell, telemetry::link_metrics metrics)
    : peer_(who),
      options_(options),
      time_(time),
      bridge_(carrier),
      tell_(std::move(tell)),
      metrics_(std::move(metrics)),
      own_serves_(!options.joins),
      since_(time.now()) {}

void peer_link::change(link_state state, const std::string& why, std::optional<refusal> no, bool by_peer,
                       bool is_second) {
  changed_.notify_all();
  const bool is_news = state != state_ || (no && no != no_) || history_.empty();
  why_ = why;
  no_ = no;
  if (!is_news) return;
  const bool is_lost = state_ == link_state::up && state == link_state::down;
  state_ = state;
  since_ = time_.now();
  metrics_.up(state == link_state::up);
  link_change now{peer_.name, state, since_, why, {}, by_peer, is_second, is_lost};
  if (no) now.refusal = no->reason;
  history_.push_back(now);
  if (history_.size() > history_max) history_.pop_front();
  tell_(std::move(now));
}

bool peer_link::begin_call(moment now) {
  const lock_guard hold{mutex_};
  if (phase_ != phase::idle || answering_) return false;
  phase_ = phase::calling;
  began_ = now;
  return true;
}

bool peer_link::finish_call() {
  const lock_guard hold{mutex_};
  return phase_ == phase::calling && !answering_;
}

void peer_link::call_failed(const fault& why) {
  const lock_guard hold{mutex_};
  is_absent_ = why.kind == fault_kind::not_found;
  if (phase_ != phase::calling) return;
  phase_ = phase::idle;
  metrics_.call_failed();
  // A peer that has left, or refuses, is not called so again only because it cannot be reached.
  if (state_ == link_state::down)
    change(link_state::down, why.text);
  else
    changed_.notify_all();
}

bool peer_link::begin_answer(bool own_call_wins, moment now) {
  const lock_guard hold{mutex_};
  const bool own_call_is_fresh = phase_ == phase::calling && now - began_ < options_.down_after;
  if (answering_ || (own_call_wins && own_call_is_fresh)) return false;
  answering_ = true;
  return true;
}

void peer_link::answer_ended() {
  const lock_guard hold{mutex_};
  answering_ = false;
  changed_.notify_all();
}

void peer_link::refused(const refusal& why, bool by_peer, bool is_second) {
  const lock_guard hold{mutex_};
  if (phase_ == phase::joining || phase_ == phase::up || is_passing(why.reason)) return;
  change(link_state::refused, (by_peer ? "the peer refuses: " : "refused: ") + why.text, why, by_peer, is_second);
}

line peer_link::joining(const std::string& session, const hello& peer_hello, std::uint32_t protocol, moment now) {
  const lock_guard hold{mutex_};
  auto former = std::move(line_);
  line_ = nullptr;
  if (phase_ == phase::up) end_session(link_state::down, "the peer has called anew");
  door_ = nullptr;
  answering_ = false;
  phase_ = phase::joining;
  session_ = session;
  hello_ = peer_hello;
  protocol_ = protocol;
  began_ = now;
  traffic_ = {};
  peer_serves_ = peer_hello.serves_ms != 0U;  // An older program does not say: it does.
  claims_due_ = false;
  bye_said_ = bye_confirmed_ = peer_leaves_ = false;
  condition_.clear();
  return former;
}

void peer_link::carried_by(const std::string& session, const line& which) {
  const lock_guard hold{mutex_};
  if (session_ == session)
    line_ = which;
  else
    bridge_.drop(which);  // It has ended already.
}

void peer_link::connected(const std::string& session, result<remote_door> door, moment now) {
  const lock_guard hold{mutex_};
  if (session_ != session || phase_ != phase::joining) return;
  if (!door) return end_session(link_state::down, door.error().text);
  if (!bridge_.is_remote(*door))
    return end_session(link_state::down, "CAF takes the peer for this process: their CAF node ids are the same");
  door_ = *door;
  say(word_kind::arrived, now);
}

void peer_link::come_up(const remote_door& door, moment now) {
  door_ = door;
  phase_ = phase::up;
  last_up_ = now;
  detector_.emplace(detector_options{options_.beat, options_.down_after}, now);
  next_beat_ = now;
  ++times_up_;
  metrics_.came_up();
  change(link_state::up, "protocol " + std::to_string(protocol_) + ", program " + hello_.version);
}

void peer_link::say(word_kind what, moment now) {
  word next{what, session_};
  next.condition = own_condition_;
  next.serves = own_serves_;
  traffic_.fill(next, now);
  bridge_.say(door_, describe::to_json(next));
}

void peer_link::announce(const std::string& condition, moment now) {
  const lock_guard hold{mutex_};
  own_condition_ = condition.substr(0, links::condition_max);
  if (phase_ == phase::up) say(word_kind::beat, now);
}

void peer_link::serves(moment now) {
  {
    const lock_guard hold{mutex_};
    own_serves_ = true;
  }
  announce("serving", now);
}

std::optional<hello> peer_link::take_claims() {
  const lock_guard hold{mutex_};
  return std::exchange(claims_due_, false) ? std::optional{hello_} : std::nullopt;
}

/// A peer of an older version says nothing of it.
void peer_link::note_condition(const std::string& said) {
  auto next = said.empty() ? "serving" : said.substr(0, links::condition_max);
  if (next == condition_) return;
  const bool is_first = condition_.empty();
  condition_ = std::move(next);
  if (is_first && condition_ == "serving") return;
  history_.push_back({peer_.name, state_, time_.now(), "the peer is " + condition_, {}, false});
  if (history_.size() > history_max) history_.pop_front();
}

void peer_link::note_serving(bool said) {
  if (!said || peer_serves_) return;
  peer_serves_ = claims_due_ = true;
}

bool peer_link::heard(const remote_door& from, const word& said, moment now) {
  const lock_guard hold{mutex_};
  if (said.session != session_ || session_.empty()) return false;
  if (phase_ == phase::joining) {
    if (said.say != word_kind::arrived || (door_ && door_ != from)) return false;
    const bool was_called = !door_;
    come_up(from, now);
    note_condition(said.condition);
    note_serving(said.serves);
    if (was_called) say(word_kind::arrived, now);
    return true;
  }
  if (phase_ != phase::up || from != door_) return false;
  detector_->heard(now);
  traffic_.heard(said, now);
  note_condition(said.condition);
  note_serving(said.serves);
  if (const auto rtt = traffic_.rtt_last(); said.echo > 0 && rtt > 0)
    metrics_.round_trip(static_cast<double>(rtt) / 1e6);
  metrics_.outstanding(traffic_.outstanding());
  if (said.say == word_kind::bye) {
    peer_leaves_ = true;
    say(word_kind::bye_ok, now);
    change(link_state::left, "the peer has said goodbye");
  } else if (said.say == word_kind::bye_ok && bye_said_) {
    bye_confirmed_ = true;
    changed_.notify_all();
  }
  return true;
}

std::optional<parcel_refusal> peer_link::weigh(const remote_door& from, const std::string& session,
                                               std::uint64_t bytes, const parcel& come, moment now) {
  const auto size = come.size();
  const lock_guard hold{mutex_};
  if (session != session_ || session_.empty() || phase_ != phase::up || from != door_) return parcel_refusal::session;
  detector_->heard(now);
  traffic_.got(bytes);
  ++parcels_in_;
  bytes_in_ += size;
  metrics_.got(size);
  // Told early, so that the sender's limit is not reached between two beats.
  if (traffic_.untold() > options_.outstanding_bytes_max / 8) say(word_kind::beat, now);
  if (come.messages.size() > options_.parcel_messages_max || size > options_.parcel_bytes_max)
    return parcel_refusal::too_large;
  if (const auto node = node_of(come.from); !node.empty())
    return node == peer_.name ? std::nullopt : std::optional{parcel_refusal::not_owner};
  const auto owned = hello_.partitions.find(come.from);
  if (owned == hello_.partitions.end()) return parcel_refusal::not_owner;
  if (owned->second != come.epoch) return parcel_refusal::epoch;
  return {};
}

void peer_link::count_refused(parcel_refusal why) {
  const lock_guard hold{mutex_};
  metrics_.refused_parcel(why);
  ++refused_parcels_[std::string{telemetry::name_of(why)}];
}

void peer_link::end_session(link_state state, const std::string& why) {
  bridge_.drop(line_);
  line_ = nullptr;
  door_ = nullptr;
  former_sessions_.push_back(std::exchange(session_, {}));
  if (former_sessions_.size() > former_sessions_max) former_sessions_.pop_front();
  detector_.reset();
  traffic_ = {};
  phase_ = phase::idle;
  metrics_.outstanding(0);
  metrics_.suspicion(0);
  if (!peer_leaves_) change(state, why);
  changed_.notify_all();
}

void peer_link::lost(const std::string& session, const std::string& why) {
  const lock_guard hold{mutex_};
  if (session_ == session && !session_.empty()) end_session(link_state::down, why);
}

result<void> peer_link::send(parcel what) {
  const auto bytes = what.size();
  const auto name = "node \"" + peer_.name + "\"";
  if (bytes > options_.parcel_bytes_max || what.messages.size() > options_.parcel_messages_max)
    return failure(fault_kind::too_large,
                   "a parcel for " + name + " may have " + std::to_string(options_.parcel_bytes_max) + " bytes and " +
                       std::to_string(options_.parcel_messages_max) + " messages, this one has " +
                       std::to_string(bytes) + " and " + std::to_string(what.messages.size()));
  const lock_guard hold{mutex_};
  if (phase_ != phase::up || peer_leaves_ || bye_said_)
    return failure(fault_kind::unavailable, "there is no link with " + name + ": " + why_);
  if (traffic_.outstanding() > 0 && traffic_.outstanding() + bytes > options_.outstanding_bytes_max)
    return failure(fault_kind::overloaded, name + " has not acknowledged " + std::to_string(traffic_.outstanding()) +
                                               " bytes, more must wait");
  const parcel_head head{session_, std::move(what.from), std::move(what.to), what.epoch, std::move(what.kind),
                         bytes,    std::move(what.head)};
  bridge_.say(door_, frame{describe::to_json(head), std::move(what.messages)});
  traffic_.sent(bytes);
  ++parcels_out_;
  bytes_out_ += bytes;
  metrics_.sent(bytes);
  metrics_.outstanding(traffic_.outstanding());
  return {};
}

void peer_link::pulse(moment now, moment horizon, duration pause) {
  const lock_guard hold{mutex_};
  if (phase_ == phase::joining) {
    began_ += pause;
    if (now - began_ >= options_.handshake_within) end_session(link_state::down, "CAF's handshake took too long");
    return;
  }
  if (phase_ != phase::up) return;
  detector_->deaf(pause);
  metrics_.suspicion(detector_->suspicion(horizon));
  if (detector_->is_down(horizon)) {
    const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(detector_->silence(horizon));
    return end_session(link_state::down, "silent for " + std::to_string(silence.count()) + " ms");
  }
  if (now < next_beat_) return;
  next_beat_ = std::max(next_beat_ + options_.beat, now);
  say(word_kind::beat, now);
}

bool peer_link::say_bye(moment now) {
  const lock_guard hold{mutex_};
  if (phase_ != phase::up || bye_said_) return false;
  bye_said_ = true;
  say(word_kind::bye, now);
  return true;
}

bool peer_link::wait_for_bye(moment until) const {
  std::unique_lock hold{mutex_};
  const auto is_over = [&] { return bye_confirmed_ || peer_leaves_ || phase_ != phase::up; };
  changed_.wait_until(hold, until, is_over);
  return bye_confirmed_ || peer_leaves_;
}

void peer_link::hang_up(const std::string& why) {
  const lock_guard hold{mutex_};
  if (!session_.empty()) end_session(link_state::down, why);
}

bool peer_link::wait_for_idle(const std::function<bool()>& give_up) const {
  std::unique_lock hold{mutex_};
  changed_.wait(hold, [&] { return give_up() || (phase_ == phase::idle && !answering_); });
  return !give_up();
}

bool peer_link::stays_idle(duration time, const std::function<bool()>& give_up) const {
  std::unique_lock hold{mutex_};
  return !changed_.wait_for(hold, time, [&] { return give_up() || phase_ != phase::idle; });
}

void peer_link::wake() {
  const lock_guard hold{mutex_};
  changed_.notify_all();
}

std::optional<moment> peer_link::last_up() const {
  const lock_guard hold{mutex_};
  return last_up_;
}

std::string peer_link::living_incarnation() const {
  const lock_guard hold{mutex_};
  return phase_ == phase::joining || phase_ == phase::up ? hello_.incarnation : std::string{};
}

bool peer_link::knows(const remote_door& door, const std::string& session) const {
  const lock_guard hold{mutex_};
  const bool is_door = door && door_ == door;
  const bool is_session =
      !session.empty() && (session_ == session || std::ranges::count(former_sessions_, session) > 0);
  return is_door || is_session;
}

bool peer_link::is_session(const std::string& session) const {
  const lock_guard hold{mutex_};
  return !session.empty() && session_ == session;
}

bool peer_link::is_absent() const {
  const lock_guard hold{mutex_};
  return is_absent_;
}

bool peer_link::is_up() const {
  const lock_guard hold{mutex_};
  return phase_ == phase::up && !peer_leaves_;
}

link_view peer_link::view(moment now) const {
  const lock_guard hold{mutex_};
  link_view seen;
  seen.node = peer_.name;
  seen.address = peer_.address();
  seen.state = state_;
  seen.why = why_;
  seen.since = since_;
  seen.version = hello_.version;
  seen.incarnation = hello_.incarnation;
  seen.condition = condition_;
  seen.protocol = protocol_;
  seen.partitions = hello_.partitions;
  seen.rtt_last_ms = static_cast<double>(traffic_.rtt_last()) / 1e3;
  seen.rtt_p50_ms = static_cast<double>(traffic_.rtt_middle()) / 1e3;
  seen.suspicion = detector_ ? detector_->suspicion(now) : 0;
  seen.outstanding_bytes = traffic_.outstanding();
  seen.parcels_out = parcels_out_;
  seen.parcels_in = parcels_in_;
  seen.bytes_out = bytes_out_;
  seen.bytes_in = bytes_in_;
  seen.times_up = times_up_;
  seen.refused_parcels = refused_parcels_;
  seen.history.assign(history_.begin(), history_.end());
  return seen;
}

}  // namespace musiccorp::cluster

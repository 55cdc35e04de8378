#include "cluster/mesh.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "cluster/caller.hpp"
#include "cluster/reconnect_backoff.hpp"
#include "cluster/talkers.hpp"
#include "config/address.hpp"
#include "describe/json.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::cluster {

namespace {

const telemetry::logger log{"cluster"};

std::string random_text(base::random_source& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int part = 0; part < 2; ++part)
    for (auto bits = random.next(), left = std::uint64_t{16}; left > 0; --left, bits >>= 4U)
      text += digits[bits & 15U];
  return text;
}

std::string random_text_from_system() {
  base::random_source random{base::seed_from_system()};
  return random_text(random);
}

telemetry::cluster_metrics metrics_in(telemetry::metrics_registry* registry) {
  constexpr auto names = describe_choice(refusal_reason{});
  return registry ? telemetry::cluster_metrics{*registry, names} : telemetry::cluster_metrics{};
}

/// Of a parcel with all that is around it: its own count of bytes is generous, but its head is text in text.
std::size_t packet_bytes_max(const link_options& options) { return 2 * options.parcel_bytes_max + (1U << 20U); }

std::set<std::string> names_of(const std::vector<peer>& peers) {
  std::set<std::string> names;
  for (const auto& one : peers) names.insert(one.name);
  return names;
}

}  // namespace

mesh::mesh(caf::actor_system& system, link_options options)
    : options_(std::move(options)),
      time_(options_.time ? *options_.time : system_time_),
      incarnation_(random_text_from_system()),
      metrics_(metrics_in(options_.metrics)),
      bridge_(system, *this, packet_bytes_max(options_)),
      random_(options_.seed != 0 ? options_.seed : base::seed_from_system()),
      fence_(std::max<duration>(options_.down_after - 2 * options_.beat, options_.down_after / 2),
             2 * options_.down_after, names_of(options_.peers)) {
  for (const auto& one : options_.peers) {
    auto numbers =
        options_.metrics ? telemetry::link_metrics{*options_.metrics, one.name} : telemetry::link_metrics{};
    links_.emplace(one.name, std::make_unique<peer_link>(
                                 one, options_, time_, bridge_, [this](link_change now) { tell(std::move(now)); },
                                 std::move(numbers)));
  }
}

mesh::~mesh() { stop(duration{0}); }

result<void> mesh::check() const {
  const auto wrong = [](std::string what) { return failure(fault_kind::invalid, std::move(what)); };
  if (options_.cluster.empty() || options_.self.empty())
    return wrong("wanted a name of the cluster and of this node");
  std::set<std::string> names{options_.self};
  for (const auto& one : options_.peers) {
    if (one.name.empty() || !names.insert(one.name).second)
      return wrong("wanted peers with names of their own, found \"" + one.name + "\"");
    if (one.host.empty() || one.port == 0)
      return wrong("wanted an address of node \"" + one.name + "\", found \"" + one.host + "\" and port " +
                   std::to_string(one.port));
  }
  if (options_.protocol_min > options_.protocol_max) return wrong("wanted a range of protocols, found none");
  if (options_.beat <= duration{0} || options_.down_after < 2 * options_.beat)
    return wrong("wanted a silence that is borne for at least two beats");
  for (const auto& [partition, epoch] : options_.owned)
    if (const auto owner = options_.owners.find(partition);
        owner == options_.owners.end() || owner->second != options_.self)
      return failure(fault_kind::conflict, "this node hosts partition \"" + partition +
                                               "\", which the cluster file gives to " +
                                               (owner == options_.owners.end() ? "nobody" : owner->second));
  if (options_.tls) return {};
  auto far = config::is_loopback(options_.host) ? std::string{} : options_.host;
  for (const auto& one : options_.peers)
    if (!config::is_loopback(one.host)) far = one.host;
  if (far.empty()) return {};
  if (!options_.plain_allowed_beyond_loopback)
    return failure(fault_kind::forbidden, "without TLS only loopback addresses are allowed, found " + far);
  // As an error, so that it is seen under every level: nothing fails, but anybody who reaches the port can end it.
  log.error("links-without-tls", {{"address", far}, {"danger", "whoever reaches the port is believed"}});
  return {};
}

result<void> mesh::open_state() {
  const std::lock_guard hold{book_mutex_};
  if (!options_.state.empty()) {
    auto read = read_epochs(options_.state);
    if (!read) return failure(read.error());
    book_ = std::move(*read);
  }
  const auto own = own_hello({});
  if (const auto no = judge_own(own, book_)) return failure(fault_kind::conflict, no->text);
  if (!note_claims(book_, own) || options_.state.empty()) return {};
  return write_epochs(options_.state, book_);
}

result<void> mesh::start() {
  if (auto fine = check(); !fine) return fine;
  if (options_.tls) {
    auto opened = credential_source::open(*options_.tls, options_.self, time_);
    if (!opened) return failure(opened.error());
    keys_ = std::move(*opened);
  }
  if (auto fine = open_state(); !fine) return fine;
  if (options_.joins)
    announce("joining");
  else
    serves_since_ = steady_now();
  auto listening = std::make_unique<gate>(
      gate_options{.host = options_.host, .port = options_.port, .talk_within = options_.handshake_within},
      [this] { return keys(); },
      [this](const std::string& address) { return std::make_unique<answering>(*this, address); },
      [this](const std::string& address, const std::string& why, bool has_spoken) {
        stranger(address, why, has_spoken);
      });
  stop_signal_ = eventfd(0, EFD_CLOEXEC);
  teller_ = std::make_unique<serial_queue>();
  gate_ = std::move(listening);
  if (auto listens = gate_->start(); !listens) return listens;
  bridge_.open(gate_->port());
  log.info("listening", {{"node", options_.self}, {"port", gate_->port()}, {"tls", options_.tls.has_value()}});
  threads_.emplace_back([this] { pulse_for_ever(); });
  for (const auto& [name, link] : links_) {
    const std::lock_guard hold{random_mutex_};
    threads_.emplace_back([this, with = link.get(), random = random_.split()] { call_for_ever(*with, random); });
  }
  return {};
}

void mesh::stranger(const std::string& address, const std::string& why, bool has_spoken) {
  metrics_.stranger();
  if (is_stopping_) return;
  // Whoever can reach the port can cause these lines: few of them.
  const auto now = steady_now();
  if (has_spoken || (why == stranger_told_ && now < stranger_again_))
    return log.info("connection-closed", {{"address", address}, {"why", why}});
  stranger_told_ = why;
  stranger_again_ = now + duration{10'000'000};
  log.warn("stranger-closed", {{"address", address}, {"why", why}});
}

bool mesh::stop(duration longest) {
  if (is_leaving_.exchange(true)) return true;
  const auto until = steady_now() + longest;
  bool all_confirmed = true;
  if (longest > duration{0}) {
    std::vector<peer_link*> told;
    for (const auto& [name, link] : links_)
      if (link->say_bye(steady_now())) told.push_back(link.get());
    for (auto* one : told) all_confirmed &= one->wait_for_bye(until);
  }
  is_stopping_ = true;
  if (stop_signal_ >= 0) {
    const std::uint64_t one = 1;
    static_cast<void>(!write(stop_signal_, &one, sizeof one));
  }
  for (const auto& [name, link] : links_) link->wake();
  {
    const std::lock_guard hold{pulse_mutex_};
    pulse_wakes_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (gate_) gate_->stop();
  for (const auto& [name, link] : links_) link->hang_up("this node stops");
  bridge_.close();
  if (teller_) teller_->finish();
  if (stop_signal_ >= 0) close(stop_signal_);
  return all_confirmed;
}

std::shared_ptr<const credentials> mesh::keys() {
  if (!keys_) return nullptr;
  auto now = keys_->current();
  metrics_.certificate_expires(now->expires());
  return now;
}

peer_link* mesh::link_with(const std::string& node) const {
  const auto known = links_.find(node);
  return known == links_.end() ? nullptr : known->second.get();
}

peer_link* mesh::known(const remote_door& door, const std::string& session) const {
  const auto known = std::ranges::find_if(links_, [&](const auto& one) { return one.second->knows(door, session); });
  return known == links_.end() ? nullptr : known->second.get();
}

peer_link* mesh::link_in(const std::string& session) const {
  const auto known = std::ranges::find_if(links_, [&](const auto& one) { return one.second->is_session(session); });
  return known == links_.end() ? nullptr : known->second.get();
}

void mesh::announce(const std::string& condition) const {
  for (const auto& [name, link] : links_) link->announce(condition, steady_now());
}

void mesh::serves() {
  serves_since_ = steady_now();
  for (const auto& [name, link] : links_) link->serves(steady_now());
}

std::uint64_t mesh::serves_ms() const {
  const auto began = serves_since_.load();
  if (began == moment::max()) return 0;
  const auto served = std::max(steady_now() - std::max(began, fence_.last_pause()), duration{0});
  return 1 + static_cast<std::uint64_t>(served / std::chrono::milliseconds{1});  // More than who does not serve yet.
}

std::vector<link_view> mesh::view() const {
  std::vector<link_view> all;
  for (const auto& [name, link] : links_) all.push_back(link->view(steady_now()));
  return all;
}

hello mesh::own_hello(const std::string& to) const {
  return {options_.cluster,      options_.self,    to,           options_.protocol_min,
          options_.protocol_max, options_.version, incarnation_, bridge_.caf_node(),
          options_.owned,        serves_ms()};
}

judgement mesh::judge(const hello& said, const evidence& proof) const {
  standpoint here{.cluster = options_.cluster,
                  .self = options_.self,
                  .incarnation = incarnation_,
                  .caf_node = bridge_.caf_node(),
                  .protocols = {options_.protocol_min, options_.protocol_max},
                  .peers = {},
                  .owners = options_.owners,
                  .epochs = {},
                  .living_incarnation = {},
                  .serves_ms = serves_ms()};
  for (const auto& [name, link] : links_) here.peers.insert(name);
  if (const auto* link = link_with(said.node)) here.living_incarnation = link->living_incarnation();
  const std::lock_guard hold{book_mutex_};
  here.epochs = book_;
  return cluster::judge(said, proof, here);
}

bool mesh::note(const hello& accepted) { return accepted.serves_ms == 0U || write_down(accepted); }

bool mesh::write_down(const hello& claims) {
  const std::lock_guard hold{book_mutex_};
  auto next = book_;
  if (!note_claims(next, claims)) return true;
  if (!options_.state.empty()) {
    if (const auto written = write_epochs(options_.state, next); !written) {
      log.error("epochs-not-written", {{"why", written.error().text}});
      return false;
    }
  }
  book_ = std::move(next);
  return true;
}

std::string mesh::make_session() {
  // A secret: whoever knows it can speak for the peer. So from the system each time, not from the seeded source.
  return random_text_from_system() + random_text_from_system();
}

void mesh::refused(const hello& said, const std::string& address, const refusal& why, bool by_peer) {
  metrics_.refused_node(static_cast<std::size_t>(why.reason));
  const auto& node = said.node;
  const auto rival_serves_ms = by_peer ? why.owner_serves_ms.value_or(0) : said.serves_ms.value_or(0);
  const bool is_second = why.owner_serves_ms && serves_ms() <= rival_serves_ms;
  if (auto* link = link_with(node)) link->refused(why, by_peer, is_second);
  if (is_passing(why.reason)) return;
  {
    const std::lock_guard hold{book_mutex_};
    const auto about = (by_peer ? "by " : "of ") + node;
    if (told_.size() > 1000) told_.clear();  // Names of strangers are theirs to choose.
    if (const auto last = told_.find(about); last != told_.end() && last->second == why) return;
    told_.insert_or_assign(about, why);
  }
  log.warn(by_peer ? "refused-by-node" : "node-refused",
           {{"node", node}, {"address", address}, {"reason", describe::name_of(why.reason)}, {"why", why.text}});
}

void mesh::enter(peer_link& with, const hello& said, std::uint32_t protocol, const std::string& session,
                 wire connection, bool has_called) {
  const auto former = with.joining(session, said, protocol, steady_now());
  const auto made = has_called ? bridge_.carry_called(std::move(connection), session, former)
                               : bridge_.carry_caller(std::move(connection), session, former);
  with.carried_by(session, made);
}

void mesh::tell(link_change change) {
  if (!teller_) return;
  teller_->add([this, change = std::move(change)] {
    if (change.state == link_state::up) {
      const std::lock_guard hold{book_mutex_};
      told_.erase("by " + change.node);
      told_.erase("of " + change.node);
    }
    if (change.state != link_state::refused)
      log.write(change.is_lost ? telemetry::log_level::warning : telemetry::log_level::info,
                "link-" + std::string{describe::name_of(change.state)}, {{"node", change.node}, {"why", change.why}});
    if (options_.on_link) options_.on_link(change);
  });
}

void mesh::connected(const std::string& session, result<remote_door> door) {
  if (auto* link = link_in(session)) link->connected(session, std::move(door), steady_now());
}

void mesh::ended(const std::string& session, const std::string& why) {
  if (auto* link = link_in(session)) link->lost(session, why);
}

void mesh::heard(const remote_door& from, const std::string& text) {
  const auto said =
      text.size() > line_bytes_max ? failure(fault_kind::too_large, "too long") : describe::from_json<word>(text);
  if (!said) return not_understood(from, "a text that is no word: " + said.error().text);
  auto* link = link_in(said->session);
  if (!link || !link->heard(from, *said, steady_now()))
    return refuse(link ? link : known(from, said->session), parcel_refusal::word, describe::name_of(said->say));
  // Before anything of its partitions comes: it says that it serves before it starts them.
  if (const auto claims = link->take_claims(); claims && !write_down(*claims))
    return link->hang_up("its epochs cannot be written down now");
  if (said->echo > 0) fence_.vouch(link->whom().name, moment{duration{said->echo}});
}

void mesh::not_understood(const remote_door& from, const std::string& what) {
  auto* link = known(from, {});
  refuse(link, parcel_refusal::undecodable, what);
  if (options_.on_undecodable) options_.on_undecodable(link ? link->whom().name : std::string{}, what);
}

void mesh::not_understood(const std::string& node, const std::string& what) {
  refuse(link_with(node), parcel_refusal::undecodable, what);
}

void mesh::refuse(peer_link* from, parcel_refusal why, std::string_view detail) {
  if (from)
    from->count_refused(why);
  else
    metrics_.refused_parcel(why);
  // The last words of a link are late as a rule, and harmless.
  log.write(why == parcel_refusal::word ? telemetry::log_level::info : telemetry::log_level::warning,
            why == parcel_refusal::word ? "word-refused" : "parcel-refused",
            {{"node", from ? from->whom().name : std::string{"unknown"}},
             {"reason", telemetry::name_of(why)},
             {"detail", detail}});
}

void mesh::heard(const remote_door& from, frame&& parcel) {
  auto head = describe::from_json<parcel_head>(parcel.head);
  if (!head) return not_understood(from, "a parcel without a head: " + head.error().text);
  auto* link = link_in(head->session);
  if (!link) return refuse(known(from, head->session), parcel_refusal::session, "for " + head->to);
  deliver(*link, from, std::move(*head), std::move(parcel.messages));
}

result<void> mesh::send(parcel what) {
  const auto node = node_of(what.to);
  const auto owner = options_.owners.find(what.to);
  if (node.empty() && owner == options_.owners.end())
    return failure(fault_kind::not_found, "nobody owns \"" + what.to + "\"");
  const auto to = node.empty() ? owner->second : std::string{node};
  auto* link = link_with(to);
  if (!link)
    return failure(to == options_.self ? fault_kind::invalid : fault_kind::not_found,
                   "\"" + what.to + "\" is not on another node");
  const auto own = options_.owned.find(what.from);
  const bool is_own =
      node_of(what.from) == options_.self || (own != options_.owned.end() && own->second == what.epoch);
  if (!is_own)
    return failure(fault_kind::invalid,
                   "\"" + what.from + "\" is not on this node under epoch " + std::to_string(what.epoch));
  return link->send(std::move(what));
}

void mesh::deliver(peer_link& from, const remote_door& door, parcel_head&& head,
                   std::vector<message::envelope>&& messages) {
  parcel come{std::move(head.from), std::move(head.to),   head.epoch,
              std::move(head.kind), std::move(head.head), std::move(messages)};
  auto why = from.weigh(door, head.session, head.bytes, come, steady_now());
  if (!why && node_of(come.to) != options_.self && !options_.owned.contains(come.to))
    why = parcel_refusal::wrong_node;
  if (why) return refuse(&from, *why, come.kind + " from " + come.from + " to " + come.to);
  if (options_.on_parcel) options_.on_parcel(from.whom().name, std::move(come));
}

void mesh::pulse_for_ever() {
  const auto tick = std::max(options_.beat / 4, duration{5'000});
  own_pace pace{options_.down_after / 2, steady_now()};
  const auto taken = std::make_shared<std::atomic<duration::rep>>(steady_now().time_since_epoch().count());
  bool is_late = false;
  auto next = steady_now();
  while (!is_stopping_) {
    {
      std::unique_lock hold{pulse_mutex_};
      next = std::max(next + tick, steady_now());
      pulse_wakes_.wait_until(hold, next, [&] { return is_stopping_.load(); });
    }
    const auto now = steady_now();
    fence_.pulse(now);
    pace.has_read_up_to(moment{duration{taken->load()}});
    const auto pause = pace.pause_since_last(now);
    if (const bool was_late = std::exchange(is_late, now - pace.horizon() >= options_.down_after);
        is_late && !was_late)
      log.warn("network-thread-is-late", {{"ms", (now - pace.horizon()) / std::chrono::milliseconds{1}}});
    for (const auto& [name, link] : links_) link->pulse(now, pace.horizon(), pause);
    bridge_.on_reader([taken, mark = now.time_since_epoch().count()] { taken->store(mark); });
  }
}

void mesh::call_for_ever(peer_link& whom, base::random_source random) {
  const std::function<bool()> give_up = [this] { return is_stopping_.load(); };
  // A node that asks whether it may serve has no time for who calls whom.
  const auto grace = [this, wins = own_call_wins(whom.whom().name)] {
    if (wins) return duration{0};
    return serves_since_.load() == moment::max() ? duration{options_.beat} : duration{options_.down_after};
  };
  reconnect_backoff backoff{{options_.reconnect_first, options_.reconnect_longest}};
  auto delay = grace();
  std::optional<moment> seen_up;
  std::string told;
  while (whom.wait_for_idle(give_up)) {
    if (const auto up = whom.last_up(); up != seen_up) {
      seen_up = up;
      backoff.came_up(*up);
      delay = grace() + backoff.failed(steady_now(), random);
      told.clear();
    }
    if (!whom.stays_idle(delay, give_up) || !whom.begin_call(steady_now())) continue;
    calling talk{*this, whom};
    auto made = call(whom.whom().host, whom.whom().port, keys(), talk, options_.handshake_within, stop_signal_);
    if (made) {
      talk.take(std::move(*made));
      if (!whom.wait_for_idle(give_up)) return;
    } else {
      whom.call_failed(made.error());
      if (made.error().kind == fault_kind::unauthorized && std::exchange(told, made.error().text) != told)
        log.warn("call-refused", {{"node", whom.whom().name}, {"why", told}});
    }
    // By then the other one's call has become a link, or this one may take its place.
    delay = talk.is_put_off() ? options_.down_after : grace() + backoff.failed(steady_now(), random);
  }
}

}  // namespace musiccorp::cluster

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "service/partition.hpp"
#include "storage/memory_store.hpp"

namespace musiccorp::testing {

/// Several partitions in one thread under simulated time, joined by queues instead of actors: everything that leaves
/// one is handed to another, in an order that the seed chooses between pairs (within a pair it stays). A partition
/// whose store fails is opened again a moment later, again and again, as its cell would do it.
class little_world {
 public:
  /// `equip` may give a partition its metrics before it is made.
  using equipment = std::function<void(const std::string& service, const service::wiring& wires,
                                       service::partition_environment& environment)>;
  explicit little_world(std::vector<service_definition> services, std::uint64_t seed = 1,
                        service::partition_limits limits = {},
                        std::unique_ptr<storage::store_factory> where = storage::memory_stores(),
                        equipment equip = {})
      : stores{std::move(where)},
        equip_{std::move(equip)},
        services_{std::move(services)},
        limits_{std::move(limits)},
        random_{seed},
        wires_{service::wire(services_)} {
    ensure(service::check(services_).empty(), "the services fit together");
    for (const auto& one : services_) start(one.name());
  }

  /// Runs until nothing is left to do at this time.
  void settle() {
    for (int idle = 0; idle == 0;) {
      idle = 1;
      while (deliver_one()) idle = 0;
      for (auto& [name, one] : partitions_) {
        service::outgoing out;
        if (const auto closed = reopen_at_.find(name); closed != reopen_at_.end() && closed->second <= clock.now()) {
          open(name, out);
          idle = 0;
        }
        one->expire(out);
        if (one->has_work()) {
          run(name, out);
          idle = 0;
        }
        take(name, std::move(out));
      }
    }
  }

  /// Lets time pass from one due moment to the next, until `end` from now or nothing waits for time any more.
  void pass(duration longest) {
    const auto end = clock.now() + longest;
    for (settle();; settle()) {
      std::optional<instant> next;
      for (auto& [name, one] : partitions_)
        if (const auto due = next_due(name); due && (!next || *due < *next)) next = due;
      if (!next || *next > end) return clock.set(end);
      clock.set(std::max(*next, clock.now()));
    }
  }

  /// Puts a request to a service; its reply is `reply(token)` after settle().
  template <describe::described M>
  std::uint64_t ask(const std::string& service, const M& command, std::string idempotency = {}) {
    envelope message;
    message.id = base::make_id(clock.now(), random_);
    message.type = describe::name_of<M>();
    message.key = describe::key_of(command);
    message.source = "test";
    message.occurred = clock.now();
    message.idempotency = std::move(idempotency);
    message.traceparent = traceparent;
    message.payload = describe::to_json(command);
    const auto token = ++tokens_;
    askers_[token] = {};
    service::outgoing out;
    partitions_.at(service)->request(token, std::move(message), clock.now() + std::chrono::seconds{5}, out);
    take(service, std::move(out));
    return token;
  }
  [[nodiscard]] std::optional<request::reply> reply(std::uint64_t token) const {
    const auto found = replies_.find(token);
    return found == replies_.end() ? std::nullopt : std::optional{found->second};
  }

  /// Loses a partition as a crash between two commits would, and opens it again from its store; what is to be done
  /// while it is away is done.
  void restart(const std::string& service, const std::function<void()>& meanwhile = {}) {
    partitions_.erase(service);
    std::erase_if(links_, [&](const auto& link) { return link.first.second == service; });
    if (meanwhile) meanwhile();
    start(service);
  }

  /// Whoever is started from now on has these.
  void configure(service::partition_limits limits) { limits_ = std::move(limits); }

  /// Nothing that one says to the other arrives from now on; frames that are lost are what a broken link loses.
  void cut(const std::string& from, const std::string& to) { cut_.insert({from, to}); }
  /// The link is there again: both ends say hello, as after a reconnect.
  void mend(const std::string& from, const std::string& to) {
    cut_.erase({from, to});
    links_[{from, to}].push_back({delivery::hello{from}, 0});
  }

  /// The process of this partition dies, and the next one knows this much about it. All deaths have names of their
  /// own unless a test says the same one again.
  void die(const std::string& service, std::vector<delivery::finding> findings, delivery::evidence why,
           std::string scene = {}) {
    if (scene.empty()) scene = "death " + std::to_string(++deaths_);
    partitions_.erase(service);
    std::erase_if(links_, [&](const auto& link) { return link.first.second == service; });
    make(service).accuse(std::move(findings), why, std::move(scene));
    begin(service);
  }
  /// How many messages have run alone so far.
  [[nodiscard]] std::size_t ran_alone() const { return ran_alone_; }

  [[nodiscard]] service::partition& at(const std::string& service) { return *partitions_.at(service); }
  [[nodiscard]] service::queue_books books(const std::string& queue) { return ledgers_.of(queue).read(); }
  /// Why this stream is held back by its publisher.
  [[nodiscard]] std::string refused(const std::string& queue) { return ledgers_.of(queue).refused(); }
  /// Frames between cells, to be lost or doubled by tests.
  [[nodiscard]] std::size_t in_transit() const {
    std::size_t count = 0;
    for (const auto& [pair, queue] : links_) count += queue.size();
    return count;
  }

  std::string traceparent{};  ///< of what is asked from now on
  base::manual_clock clock;
  std::unique_ptr<storage::store_factory> stores;

 private:
  static constexpr duration reopen_after = std::chrono::milliseconds{10};

  struct asker {
    std::string service;  ///< empty: the test
    std::uint64_t question = 0;
  };
  struct parcel {
    std::variant<delivery::hello, delivery::subscribe, delivery::batch, delivery::ack, service::outgoing::question,
                 service::outgoing::reply>
        what;
    std::uint64_t token = 0;
  };

  void start(const std::string& name) {
    (void)make(name);
    begin(name);
  }

  service::partition& make(const std::string& name) {
    const auto& definition =
        *std::find_if(services_.begin(), services_.end(), [&](const auto& one) { return one.name() == name; });
    auto& made = partitions_[name];
    service::partition_environment environment{*stores, clock, random_.next(), ledgers_};
    if (equip_) equip_(name, wires_.at(name), environment);
    made = std::make_unique<service::partition>(definition, wires_.at(name), limits_, std::move(environment));
    return *made;
  }

  void begin(const std::string& name) {
    service::outgoing out;
    open(name, out);
    take(name, std::move(out));
  }

  void open(const std::string& name, service::outgoing& out) {
    reopen_at_.erase(name);
    if (!partitions_.at(name)->open(out)) reopen_at_[name] = clock.now() + reopen_after;
  }

  void run(const std::string& name, service::outgoing& out) {
    auto& one = *partitions_.at(name);
    if (one.wants_alone()) {
      ++ran_alone_;
      one.run_alone(out);
    } else {
      one.run(out);
    }
    if (!one.is_open()) reopen_at_[name] = clock.now() + reopen_after;
  }

  [[nodiscard]] std::optional<instant> next_due(const std::string& name) const {
    if (const auto closed = reopen_at_.find(name); closed != reopen_at_.end()) return closed->second;
    const auto& one = *partitions_.at(name);
    return one.is_open() ? one.next_due() : std::nullopt;
  }

  void take(const std::string& from, service::outgoing out) {
    for (auto& one : out.replies) {
      const auto to = askers_.at(one.token);
      if (to.service.empty())
        replies_.emplace(one.token, request::read_reply(one.message));
      else
        links_[{from, to.service}].push_back({std::move(one), to.question});
    }
    for (auto& one : out.questions) {
      const auto token = ++tokens_;
      askers_[token] = {from, one.id};
      auto to = one.service;
      links_[{from, std::move(to)}].push_back({std::move(one), token});
    }
    for (auto& one : out.frames)
      std::visit([&](auto& frame) { links_[{from, one.service}].push_back({std::move(frame), 0}); }, one.what);
  }

  bool deliver_one() {
    std::erase_if(links_, [](const auto& link) { return link.second.empty(); });
    if (links_.empty()) return false;
    auto link = std::next(links_.begin(), static_cast<std::ptrdiff_t>(random_.below(links_.size())));
    const auto to = link->first.second;
    auto next = std::move(link->second.front());
    link->second.pop_front();
    service::outgoing out;
    if (!cut_.contains(link->first)) hand_over(*partitions_.at(to), std::move(next), out);
    take(to, std::move(out));
    if (auto& one = *partitions_.at(to); random_.below(4) == 0 && one.has_work()) {
      service::outgoing done;
      run(to, done);
      take(to, std::move(done));
    }
    return true;
  }

  static void hand_over(service::partition& to, parcel next, service::outgoing& out) {
    if (auto* hello = std::get_if<delivery::hello>(&next.what)) to.greeted(*hello, out);
    if (auto* subscribe = std::get_if<delivery::subscribe>(&next.what)) to.subscribed(*subscribe);
    if (auto* batch = std::get_if<delivery::batch>(&next.what)) to.received(std::move(*batch), out);
    if (auto* ack = std::get_if<delivery::ack>(&next.what)) to.acknowledged(*ack);
    if (auto* question = std::get_if<service::outgoing::question>(&next.what))
      to.request(next.token, std::move(question->message), question->deadline, out);
    if (auto* reply = std::get_if<service::outgoing::reply>(&next.what)) to.replied(next.token, reply->message);
  }

  equipment equip_;
  std::vector<service_definition> services_;
  service::partition_limits limits_;
  base::random_source random_;
  std::map<std::string, service::wiring> wires_;
  service::ledger_board ledgers_;
  std::map<std::string, std::unique_ptr<service::partition>> partitions_;
  std::map<std::string, instant> reopen_at_;  ///< those whose store failed
  std::map<std::pair<std::string, std::string>, std::deque<parcel>> links_;
  std::set<std::pair<std::string, std::string>> cut_;
  std::map<std::uint64_t, asker> askers_;
  std::map<std::uint64_t, request::reply> replies_;
  std::uint64_t tokens_ = 0;
  std::size_t deaths_ = 0;
  std::size_t ran_alone_ = 0;
};

}  // namespace musiccorp::testing

#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "cluster/bridge.hpp"
#include "cluster/credentials.hpp"
#include "cluster/gate.hpp"
#include "cluster/judge.hpp"
#include "cluster/links.hpp"
#include "cluster/pause_fence.hpp"
#include "cluster/peer_link.hpp"
#include "cluster/serial_queue.hpp"
#include "telemetry/cluster_metrics.hpp"

namespace musiccorp::cluster {

/// All that belongs to the links of one node: who it is, what it has seen, one link for each peer. Thread-safe.
class mesh final : public bridge_listener {
 public:
  mesh(caf::actor_system& system, link_options options);
  ~mesh() override;
  mesh(const mesh&) = delete;
  mesh& operator=(const mesh&) = delete;

  [[nodiscard]] result<void> start();
  bool stop(duration longest);
  [[nodiscard]] result<void> send(parcel what);
  void announce(const std::string& condition) const;
  void not_understood(const std::string& node, const std::string& what);
  void serves();
  [[nodiscard]] const link_options& options() const { return options_; }
  [[nodiscard]] std::uint16_t port() const { return gate_ ? gate_->port() : std::uint16_t{0}; }
  [[nodiscard]] const std::string& incarnation() const { return incarnation_; }
  [[nodiscard]] std::vector<link_view> view() const;
  [[nodiscard]] bool may_act() const { return fence_.is_open(steady_now()); }
  /// Null for a name that is no peer's.
  [[nodiscard]] peer_link* link_with(const std::string& node) const;

  // For those who talk on new connections.

  [[nodiscard]] hello own_hello(const std::string& to) const;
  [[nodiscard]] judgement judge(const hello& said, const evidence& proof) const;
  /// Writes the claims down for ever; false when the disk does not take them. Not those of a node that only asks
  /// whether it may serve: it would make the true owner's stale without ever being one.
  [[nodiscard]] bool note(const hello& accepted);
  [[nodiscard]] bool own_call_wins(const std::string& other) const { return options_.self < other; }
  [[nodiscard]] std::string make_session();
  /// Counts and logs a no, and shows it at the link with the node that is meant, if there is one. `said` is what that
  /// node has said of itself, as far as it has.
  void refused(const hello& said, const std::string& address, const refusal& why, bool by_peer);
  /// They have agreed.
  void enter(peer_link& with, const hello& said, std::uint32_t protocol, const std::string& session, wire connection,
             bool has_called);

  // bridge_listener
  void connected(const std::string& session, result<remote_door> door) override;
  void heard(const remote_door& from, const std::string& text) override;
  void heard(const remote_door& from, frame&& parcel) override;
  void not_understood(const remote_door& from, const std::string& what) override;
  void ended(const std::string& session, const std::string& why) override;

 private:
  [[nodiscard]] result<void> check() const;
  [[nodiscard]] result<void> open_state();
  [[nodiscard]] std::shared_ptr<const credentials> keys();
  /// For how long, without a pause; 0: not yet.
  [[nodiscard]] std::uint64_t serves_ms() const;
  /// Whose door it is, or whose session it is or was; null when nobody knows.
  [[nodiscard]] peer_link* known(const remote_door& door, const std::string& session) const;
  [[nodiscard]] peer_link* link_in(const std::string& session) const;
  [[nodiscard]] bool write_down(const hello& claims);
  void tell(link_change change);
  void stranger(const std::string& address, const std::string& why, bool has_spoken);
  void deliver(peer_link& from, const remote_door& door, parcel_head&& head,
               std::vector<message::envelope>&& messages);
  void refuse(peer_link* from, parcel_refusal why, std::string_view detail);
  void call_for_ever(peer_link& whom, base::random_source random);
  void pulse_for_ever();

  const link_options options_;
  const base::system_clock system_time_;
  const base::clock& time_;
  const std::string incarnation_;
  telemetry::cluster_metrics metrics_;
  bridge bridge_;
  std::map<std::string, std::unique_ptr<peer_link>> links_;  ///< fixed after construction
  std::unique_ptr<credential_source> keys_;

  mutable std::mutex book_mutex_;
  epoch_book book_;
  std::map<std::string, refusal> told_;  ///< last no that was logged, by who it was about

  std::mutex random_mutex_;
  base::random_source random_;
  pause_fence fence_;

  std::string stranger_told_;  ///< the gate's thread only, as the next
  moment stranger_again_{};

  std::atomic<moment> serves_since_{moment::max()};
  std::atomic<bool> is_leaving_{false};
  std::atomic<bool> is_stopping_{false};
  int stop_signal_ = -1;
  std::mutex pulse_mutex_;
  std::condition_variable pulse_wakes_;
  std::unique_ptr<serial_queue> teller_;
  std::unique_ptr<gate> gate_;
  std::vector<std::thread> threads_;
};

}  // namespace musiccorp::cluster

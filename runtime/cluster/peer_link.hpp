#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "cluster/bridge.hpp"
#include "cluster/failure_detector.hpp"
#include "cluster/hello.hpp"
#include "cluster/link_traffic.hpp"
#include "cluster/link_view.hpp"
#include "cluster/links.hpp"
#include "telemetry/cluster_metrics.hpp"

namespace musiccorp::cluster {

/// Why a parcel that came is not delivered; the names are public.
using telemetry::parcel_refusal;

/// The link with one peer, through all its connections. Thread-safe.
///
///     idle -> calling -> joining -> up -> idle        calling: this node has called, they talk
///     idle -> answering ----^                         joining: they have agreed, CAF makes its handshake
///
/// A peer that calls while there is a link (it has noticed before we did that the old one is broken) replaces it.
class peer_link {
 public:
  /// Called with changes in their order, under the link's lock: it must only queue them.
  using on_change = std::function<void(link_change)>;

  peer_link(const peer& who, const link_options& options, const base::clock& time, bridge& carrier, on_change tell,
            telemetry::link_metrics metrics);

  [[nodiscard]] const peer& whom() const { return peer_; }

  // Calling and answering. Of two calls that cross, the lower name's wins, unless nothing has been heard on it for as
  // long as a link may be silent: then it has reached a frozen process, or nobody, and whoever calls may be its heir.

  /// False unless nothing is going on.
  [[nodiscard]] bool begin_call(moment now);
  /// The last moment to give way to the peer's own call. False: this call is over.
  [[nodiscard]] bool finish_call();
  /// fault{not_found}: nobody listens there.
  void call_failed(const fault& why);
  [[nodiscard]] bool begin_answer(bool own_call_wins, moment now);
  void answer_ended();
  /// What one side holds against the other. A link that stands is not touched by it.
  void refused(const refusal& why, bool by_peer, bool is_second);

  /// They have agreed. Returns the line that this one replaces, or null.
  [[nodiscard]] line joining(const std::string& session, const hello& peer_hello, std::uint32_t protocol, moment now);
  void carried_by(const std::string& session, const line& which);

  // What comes in. `session` is unknown when it is over.

  void connected(const std::string& session, result<remote_door> door, moment now);
  /// False: it is not from the present link.
  bool heard(const remote_door& from, const word& said, moment now);
  /// Why a parcel may not be delivered. `bytes` are those that its sender counts for it.
  [[nodiscard]] std::optional<parcel_refusal> weigh(const remote_door& from, const std::string& session,
                                                    std::uint64_t bytes, const parcel& come, moment now);
  void count_refused(parcel_refusal why);
  void lost(const std::string& session, const std::string& why);

  // What goes out.

  [[nodiscard]] result<void> send(parcel what);
  void announce(const std::string& condition, moment now);
  /// This node serves from now on, and the peer is told.
  void serves(moment now);
  /// What the peer has said of itself, once, when it begins to serve in a link that was made before.
  [[nodiscard]] std::optional<hello> take_claims();
  /// Every now and then: beats, and ends what is silent or does not come up. Everything that came before `horizon`
  /// has been read; `pause` is how long this process did not run since the last pulse.
  void pulse(moment now, moment horizon, duration pause);
  /// Says goodbye; false when there is nobody to say it to.
  [[nodiscard]] bool say_bye(moment now);
  /// Whether the peer has confirmed, or has gone by itself.
  [[nodiscard]] bool wait_for_bye(moment until) const;
  void hang_up(const std::string& why);

  // For everybody.

  /// Waits until there is no link and nothing is going on, or `give_up` has come true (see `wake`). False then.
  [[nodiscard]] bool wait_for_idle(const std::function<bool()>& give_up) const;
  /// Waits for so long, but not longer than there is no link. False when there is one, or `give_up`.
  [[nodiscard]] bool stays_idle(duration time, const std::function<bool()>& give_up) const;
  void wake();
  /// Since when the present link, or when the last one, was up; nothing when none ever was.
  [[nodiscard]] std::optional<moment> last_up() const;
  [[nodiscard]] std::string living_incarnation() const;
  /// Whether this is the peer's door, or its session, or was one of the last.
  [[nodiscard]] bool knows(const remote_door& door, const std::string& session) const;
  [[nodiscard]] bool is_session(const std::string& session) const;
  [[nodiscard]] bool is_up() const;
  /// The last call has found that nobody listens at the peer's address.
  [[nodiscard]] bool is_absent() const;
  [[nodiscard]] link_view view(moment now) const;

 private:
  enum class phase : std::uint8_t { idle, calling, joining, up };
  static constexpr std::size_t history_max = 32;
  static constexpr std::size_t former_sessions_max = 8;

  // All with the lock held.
  void change(link_state state, const std::string& why, std::optional<refusal> no = {}, bool by_peer = false,
              bool is_second = false);
  void end_session(link_state state, const std::string& why);
  void come_up(const remote_door& door, moment now);
  void say(word_kind what, moment now);
  void note_condition(const std::string& said);
  void note_serving(bool said);

  const peer peer_;
  const link_options& options_;
  const base::clock& time_;
  bridge& bridge_;
  const on_change tell_;
  const telemetry::link_metrics metrics_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  phase phase_ = phase::idle;
  bool answering_ = false;
  bool is_absent_ = false;
  std::string session_;
  std::deque<std::string>
      former_sessions_;  ///< the last few; what still comes of them is refused in this peer's name
  line line_;
  remote_door door_;
  moment began_{};  ///< of the phases calling and joining
  moment next_beat_{};
  hello hello_;
  std::uint32_t protocol_ = 0;
  std::optional<failure_detector> detector_;
  link_traffic traffic_;
  bool own_serves_, peer_serves_ = false, claims_due_ = false;
  bool bye_said_ = false, bye_confirmed_ = false, peer_leaves_ = false;
  std::optional<moment> last_up_;

  std::string own_condition_ = "serving", condition_;
  link_state state_ = link_state::down;
  std::string why_ = "not called yet";
  std::optional<refusal> no_;
  instant since_;
  std::deque<link_change> history_;
  std::uint64_t parcels_out_ = 0, parcels_in_ = 0, bytes_out_ = 0, bytes_in_ = 0, times_up_ = 0;
  std::map<std::string, std::uint64_t> refused_parcels_;
};

[[nodiscard]] moment steady_now();

}  // namespace musiccorp::cluster

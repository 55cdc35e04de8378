#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "cluster/frame.hpp"
#include "cluster/wire.hpp"

/// Where wires become connections of CAF's middleman. Only this file's .cpp knows its insides.
namespace musiccorp::cluster {

/// The peer's door, as CAF's proxy. Dropped when its link ends.
using remote_door = caf::strong_actor_ptr;

/// A wire that belongs to CAF's middleman. Thread-safe.
class carried_wire;
using line = std::shared_ptr<carried_wire>;

/// What comes in. All calls are made by the thread that reads the network, and must not wait.
class bridge_listener {
 public:
  virtual ~bridge_listener() = default;
  /// The answer to `carry_called`: the peer's door, or why there is none.
  virtual void connected(const std::string& session, result<remote_door> door) = 0;
  virtual void heard(const remote_door& from, const std::string& text) = 0;
  virtual void heard(const remote_door& from, frame&& parcel) = 0;
  /// Something else, or something that could not be read.
  virtual void not_understood(const remote_door& from, const std::string& what) = 0;
  /// A line is closed or broken.
  virtual void ended(const std::string& session, const std::string& why) = 0;
};

/// One per actor system. Its door is the only actor of this process that other nodes can reach: it takes text and
/// frames, and nothing else that CAF may deliver (exit messages, links, monitors) has any effect.
class bridge {
 public:
  /// A peer that declares more than `packet_bytes_max` at once is thrown out before room is made for it.
  bridge(caf::actor_system& system, bridge_listener& listener, std::size_t packet_bytes_max);
  ~bridge();
  bridge(const bridge&) = delete;
  bridge& operator=(const bridge&) = delete;

  /// `port` only names the door inside CAF.
  void open(std::uint16_t port);
  /// Nothing is delivered any more when it returns, and all lines are closed.
  void close();

  /// Hands a wire over whose peer was called by this node / has called it. `former` is a line to the same peer that
  /// must end first, null for none.
  [[nodiscard]] line carry_called(wire connection, const std::string& session, const line& former);
  [[nodiscard]] line carry_caller(wire connection, const std::string& session, const line& former);
  /// Closes it at once; what was not sent is thrown away, and so is what a stuck peer has not taken.
  void drop(const line& which);

  /// Both are lost silently when the door's line has ended.
  void say(const remote_door& to, std::string text);
  void say(const remote_door& to, frame parcel);

  /// CAF's own name of this process.
  [[nodiscard]] std::string caf_node() const;
  /// Whether the door's connection is this line's process: false when CAF has mixed up two processes.
  [[nodiscard]] bool is_remote(const remote_door& door) const;
  /// Runs on the thread that reads the network.
  void on_reader(std::function<void()> task);

 private:
  friend class bridge_door;
  struct parts;
  std::shared_ptr<parts> parts_;
};

}  // namespace musiccorp::cluster

#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "cluster/conversation.hpp"
#include "supervision/moment.hpp"

namespace musiccorp::cluster {

using supervision::moment;

/// Somebody who has called: talks to him, and takes the wire when they have agreed.
class answerer : public talker {
 public:
  /// They have agreed.
  virtual void take(wire connection) = 0;
};

struct gate_options {
  std::string host;
  std::uint16_t port = 0;
  duration talk_within{3'000'000};  ///< a connection that has not come to an end by then is closed
  std::size_t talks_max = 128;      ///< at once; one more, and the oldest is closed
};

/// Listens, and talks with everybody who calls until they have agreed or the time is up, on one thread: nobody gets
/// to CAF before, and a connection that says nothing costs a socket for a while.
class gate {
 public:
  using credentials_now = std::function<std::shared_ptr<const credentials>()>;  ///< null: plain
  using make_answerer = std::function<std::unique_ptr<answerer>(const std::string& address)>;
  /// A connection came to nothing. One that has said a line is no mere noise: its end was told there.
  using on_failure = std::function<void(const std::string& address, const std::string& why, bool has_spoken)>;

  gate(gate_options options, credentials_now keys, make_answerer make, on_failure failed);
  ~gate();  ///< stops
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  /// fault{unavailable} when it can't listen there.
  [[nodiscard]] result<void> start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  struct talk {
    std::unique_ptr<answerer> who;
    conversation words;
    std::string address;
    moment until;
    short waits_for;
  };
  void run();
  void accept_all();
  void close_oldest();
  /// False when it is over.
  [[nodiscard]] bool go_on(talk& one);

  const gate_options options_;
  const credentials_now keys_;
  const make_answerer make_;
  const on_failure failed_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int stop_ = -1;
  bool is_full_ = false;  ///< no descriptor was left: it listens again a little later
  std::list<talk> talks_;
  std::thread thread_;
};

}  // namespace musiccorp::cluster

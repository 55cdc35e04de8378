#pragma once

#include <set>
#include <string>
#include <string_view>

#include "cluster/wire.hpp"

namespace musiccorp::cluster {

/// One side of the talk on a new connection: says lines and hears lines. Never sees a socket.
class talker {
 public:
  struct reply {
    std::string say{};     ///< a line without its end; empty: nothing
    bool is_over = false;  ///< after this has been said
    bool agreed = false;   ///< when over: the connection becomes a link
  };
  virtual ~talker() = default;
  /// Said first of all; empty: waits for the other one.
  [[nodiscard]] virtual std::string opening() = 0;
  /// `names` are those of the other's certificate.
  [[nodiscard]] virtual reply hear(std::string_view text, bool is_encrypted, const std::set<std::string>& names) = 0;
};

/// Carries the talk over a wire: the TLS handshake, then lines of text. One owner; the caller polls.
class conversation {
 public:
  enum class state : std::uint8_t {
    wants_read,
    wants_write,
    agreed,  ///< take the wire: its next byte is CAF's
    ended    ///< refused, closed or broken; why() says
  };
  conversation(wire connection, talker& who) : wire_(std::move(connection)), who_(who) {}

  /// As far as it goes without waiting.
  [[nodiscard]] state step();
  [[nodiscard]] std::string why() const { return why_; }
  /// Whether the other side has said a line: then it is one of ours, or has a certificate. (The end of a handshake
  /// says nothing: in TLS 1.3 the caller's ends before its certificate has been looked at.)
  [[nodiscard]] bool has_heard() const { return has_heard_; }
  [[nodiscard]] wire& connection() { return wire_; }

 private:
  [[nodiscard]] state waits(wire::outcome for_what);
  [[nodiscard]] state read_line();

  wire wire_;
  talker& who_;
  bool greeted_ = false;
  bool has_heard_ = false;
  bool is_over_ = false;
  bool agreed_ = false;
  std::string to_say_;
  std::string heard_;
  std::string why_;
};

}  // namespace musiccorp::cluster

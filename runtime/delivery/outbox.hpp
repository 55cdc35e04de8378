#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "delivery/frames.hpp"
#include "storage/store.hpp"

namespace musiccorp::delivery {

/// The publisher's half of all streams that leave one log: who has which part of it, and how much more each may be
/// sent. The log itself is the outbox; what is kept here is only its newest end, so that subscribers that keep up
/// never cost a read. A slow subscriber costs nothing but the log. One owner, no locking.
class outbox {
 public:
  struct limits {
    std::size_t tail_messages = 4096;  ///< newest messages kept in memory
    std::size_t tail_bytes = 4u << 20;
    std::size_t batch_messages = 256;  ///< per frame
    std::size_t batch_bytes = 256u << 10;
    std::size_t scan_messages = 4096;  ///< looked at for one subscriber before the next one gets its turn
  };
  using log_reader = std::function<result<std::vector<envelope>>(std::uint64_t after, const storage::log_limits&)>;

  outbox(std::string publisher, limits bounds) : publisher_{std::move(publisher)}, limits_{bounds} {}

  /// Forgets all streams and starts after this seq, as after opening the store. The generations are the store's.
  void reset(std::uint64_t last_seq, std::vector<storage::log_generation> generations = {});
  /// A message of the log, committed; in order, without gaps.
  void committed(const envelope& message);

  /// fault{conflict} when this subscriber can't go on with this log, because one of the two stores is not the one
  /// that it was: the subscriber knows a later message, or the same numbers of another generation, or has committed
  /// fewer messages than the `received_before` that it has told. It has no stream then, and gets nothing.
  [[nodiscard]] result<void> subscribed(const subscribe& request, std::uint64_t received_before);
  void acknowledged(const ack& receipt);

  struct parcel {
    std::string subscriber;
    batch frame;
  };
  /// What may be sent now. Reads older parts of the log through `read`; trouble there ends the call with what it has
  /// found so far lost only to this call.
  [[nodiscard]] result<std::vector<parcel>> take_ready(const log_reader& read);
  /// take_ready() would look at something.
  [[nodiscard]] bool has_ready() const;

  struct stream_state {
    std::string subscriber;
    std::uint64_t acked = 0;      ///< everything of theirs up to here is committed over there
    std::uint64_t received = 0;   ///< messages of theirs that are committed over there, as they last said
    std::uint64_t in_flight = 0;  ///< messages
    instant oldest_in_flight{};   ///< birth of the oldest one; 0: none
    bool is_at_the_end = false;   ///< everything of theirs in the log is committed over there
  };
  [[nodiscard]] std::vector<stream_state> streams() const;

 private:
  struct flight {
    std::uint64_t seq;
    std::size_t bytes;
    instant occurred;
  };
  struct stream {
    std::vector<std::string> types;
    key_share share;
    std::uint64_t scanned = 0;  ///< everything up to here is sent or not theirs
    std::uint64_t told = 0;     ///< `upto` of the last frame: where the subscriber expects the next one to start
    std::uint64_t acked = 0;
    std::uint64_t received = 0;
    std::uint64_t window_messages = 0;
    std::uint64_t window_bytes = 0;
    std::deque<flight> in_flight;
    std::size_t in_flight_bytes = 0;

    [[nodiscard]] bool wants(const envelope& message, std::string_view subscriber) const;
    [[nodiscard]] bool has_credit() const {
      return in_flight.size() < window_messages && in_flight_bytes < window_bytes;
    }
  };

  [[nodiscard]] std::string why_not(const subscribe& request, std::uint64_t received_before) const;
  result<void> fill(const std::string& subscriber, stream& one, const log_reader& read, std::vector<parcel>& ready);
  bool offer(const std::string& subscriber, stream& one, const envelope& message, batch& frame,
             std::size_t& frame_bytes);
  [[nodiscard]] bool in_tail(std::uint64_t seq) const { return !tail_.empty() && seq >= tail_.front().seq; }

  std::string publisher_;
  limits limits_;
  std::uint64_t last_seq_ = 0;
  std::vector<storage::log_generation> generations_;  ///< oldest first
  std::deque<envelope> tail_;
  std::size_t tail_bytes_ = 0;
  std::map<std::string, stream, std::less<>> streams_;
};

}  // namespace musiccorp::delivery

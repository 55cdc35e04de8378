#pragma once

#include <array>
#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "request/reply.hpp"

namespace musiccorp::node {

/// Takes the replies to requests that did not come from an actor. It has no mailbox and is never scheduled: the
/// callback runs on the replying cell's thread, so it must be short and must not throw. Every request ends: with its
/// reply or with fault{timeout} at its deadline. Thread-safe.
class response_sink {
 public:
  using callback = std::function<void(request::reply)>;

  explicit response_sink(caf::actor_system& system);
  ~response_sink();
  response_sink(const response_sink&) = delete;
  response_sink& operator=(const response_sink&) = delete;

  /// The token under which the reply must come to address().
  [[nodiscard]] std::uint64_t expect(base::instant deadline, callback done);
  [[nodiscard]] const caf::actor& address() const { return address_; }
  /// Ends what has passed its deadline. Returns how many.
  std::size_t expire(base::instant now);
  [[nodiscard]] std::size_t pending() const;

 private:
  friend class sink_actor;
  struct entry {
    base::instant deadline;
    callback done;
  };
  struct shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, entry> waiting;
  };

  callback take(std::uint64_t token);

  std::array<shard, 16> shards_;
  std::atomic<std::uint64_t> tokens_{0};
  caf::actor address_;
};

}  // namespace musiccorp::node

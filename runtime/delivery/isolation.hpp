#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace musiccorp::delivery {

/// The gate of one node: all cells at once, or one alone. Each cell passes it with every batch; a message that may
/// kill the process is handled while no other cell handles anything, so that the next death names it.
///
/// Never blocks: whoever is refused is told when to ask again. Thread-safe; the cost in the open state is one
/// uncontended lock for each call. Must not be destroyed inside a call; seats may outlive it.
class isolation {
  struct room;

 public:
  /// A cell's place at the gate, for as long as it lives; its end at any moment leaves the gate as if it had left.
  /// One thread at a time. Legal calls:
  ///
  ///     (try_enter leave)*   and   ask_alone (wake ask_alone)? leave
  ///
  /// Calls that change nothing are allowed: leave() of somebody who is not in, ask_alone() while waiting.
  class seat {
   public:
    seat(seat&& other) noexcept;
    seat& operator=(seat&& other) noexcept;
    ~seat();

    /// Begins a batch among others, or within what was granted to it alone. False while somebody else, or itself,
    /// waits to be alone; then its wake function is called when it is worth trying again.
    [[nodiscard]] bool try_enter();
    /// Ends whatever it has: the batch, being alone, the wish to be alone.
    void leave();
    /// Outside of a batch: wants to be the only one. True: it is, until leave(), without try_enter(). False: it is in
    /// the queue, in order of asking; its wake function is called when its turn has come, and then it asks again and
    /// gets it. Until then the gate stays shut for everybody: whoever no longer wants to be alone must leave().
    [[nodiscard]] bool ask_alone();

   private:
    friend class isolation;
    struct member;
    seat(std::shared_ptr<room> where, std::shared_ptr<member> who)
        : room_{std::move(where)}, member_{std::move(who)} {}

    std::shared_ptr<room> room_;
    std::shared_ptr<member> member_;
  };

  isolation();

  /// `wake` is called on any thread, outside of the lock, perhaps once more after the seat has ended, and must not
  /// throw; it is meant to send a message. `name` is for state().
  [[nodiscard]] seat join(std::string name, std::function<void()> wake);

  struct state {
    std::vector<std::string> inside;   ///< in a batch among others
    std::string alone;                 ///< the only one; empty: nobody is
    std::vector<std::string> waiting;  ///< to be alone, in order
  };
  /// For people.
  [[nodiscard]] state now() const;

 private:
  std::shared_ptr<room> room_;
};

}  // namespace musiccorp::delivery

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace musiccorp::node {

/// A coordinated stop: phases in order, each over by a moment counted from the beginning of the stop, so that the
/// worst case is known beforehand, and what one phase leaves of its time is the next one's. hurry() may come from any
/// thread; run() is for one.
class shutdown {
 public:
  /// How long a phase may still go on.
  class patience {
   public:
    /// Its end has passed, or somebody is in a hurry.
    [[nodiscard]] bool is_over() const;
    /// Waits until `done` or until it is over; true: done. `done` is asked again and again, and must be cheap.
    bool wait_for(const std::function<bool()>& done) const;

   private:
    friend class shutdown;
    patience(const shutdown& whole, std::chrono::steady_clock::time_point until) : whole_{whole}, until_{until} {}
    const shutdown& whole_;
    std::chrono::steady_clock::time_point until_;
  };
  struct phase {
    std::string_view name;
    std::chrono::milliseconds over_by;  ///< since the beginning of the stop
    /// True: all done; false: something had to be cut. Must return soon after its patience is over.
    std::function<bool(const patience&)> act;
  };
  struct phase_report {
    std::string name;
    std::chrono::milliseconds took{};
    bool whole = true;
  };

  /// Runs each phase, also after one that had to be cut, and logs what it took.
  std::vector<phase_report> run(const std::vector<phase>& phases);
  /// From now on the end of every phase has passed.
  void hurry() { hurried_ = true; }

 private:
  std::atomic<bool> hurried_{false};
};

}  // namespace musiccorp::node

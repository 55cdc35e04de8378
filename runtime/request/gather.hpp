#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "request/breaker.hpp"
#include "request/reply.hpp"

namespace musiccorp::request {

/// Questions put to several others in parallel, and what has come back. Every gather ends: with its last reply or at
/// its deadline, when what is missing becomes fault{timeout}. Late replies are ignored. Each permit hears of its
/// question's end, or goes when the gather is forgotten. One owner, no locking.
class gather_room {
 public:
  struct opened {
    std::uint64_t gather;
    std::vector<std::uint64_t> questions;  ///< one id for each question, to be carried by its reply
  };
  struct gathered {
    std::uint64_t gather;
    std::vector<reply> replies;  ///< in the order of the questions
  };

  /// One question for each permit, which may be empty; takes them.
  [[nodiscard]] opened open(std::span<breaker::permit> permits, instant deadline);
  /// The gather that this reply completes, if it does.
  [[nodiscard]] std::optional<gathered> replied(std::uint64_t question, reply said, instant now);
  /// The gathers whose deadline has passed.
  [[nodiscard]] std::vector<gathered> expire(instant now);
  /// Forgets all gathers. Ids are never used again, so that replies to forgotten questions stay unknown.
  void clear();
  [[nodiscard]] std::optional<instant> next_deadline() const;
  [[nodiscard]] std::size_t size() const { return open_.size(); }
  /// Of the payloads that wait for the other replies of their gather.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct asked {
    breaker::permit permit{};
    std::optional<reply> said{};
  };
  struct state {
    std::uint64_t first_question;
    instant deadline;
    std::size_t missing;
    std::vector<asked> questions;
  };
  gathered close(std::map<std::uint64_t, state>::iterator place);

  std::map<std::uint64_t, state> open_;  ///< by gather, which is the id of its first question
  std::set<std::pair<instant, std::uint64_t>> deadlines_;
  std::uint64_t next_question_ = 1;
  std::uint64_t bytes_ = 0;
};

}  // namespace musiccorp::request

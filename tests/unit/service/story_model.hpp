#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "delivery/attribution.hpp"

/// What must be true of each message, counted beside the runtime by a test that sees every try.
namespace musiccorp::ward {

/// Texts say how they are taken: "<name>/<mood>[<number or key>]". A mood with "killer" may kill the process, too.
struct mood {
  explicit mood(const std::string& text) : word{text.substr(text.find('/') + 1)} {}
  [[nodiscard]] bool is(const char* what) const { return word.find(what) != std::string::npos; }
  [[nodiscard]] bool is_innocent() const { return word == "fine"; }
  [[nodiscard]] std::size_t times() const { return static_cast<std::size_t>(word.back() - '0'); }
  [[nodiscard]] std::string key() const { return word.substr(word.size() - 2); }

  std::string word;
};

/// The process deaths of one message, by the rules of delivery/suspect_rules.hpp in this test's own words.
struct death_account {
  int deaths = 0;       ///< that count against its limit
  int unexplained = 0;  ///< that would, if it were proven
  int kills_alone = 0;
  int proven = 0;   ///< entries that become attempts with its next failure
  int perhaps = 0;  ///< entries that vanish with its next try
  int attempts = 0;
  bool condemned = false;

  static constexpr int deaths_max = 2;
  static constexpr int kills_alone_max = 3;

  void found(const delivery::finding& what, delivery::evidence why) {
    if (what.what == delivery::charge::none) return;
    if (what.what == delivery::charge::charged) {
      ++deaths;
      ++proven;
    } else {
      ++unexplained;
      ++perhaps;
      if (what.alone && why == delivery::evidence::killed) ++kills_alone;
      if (what.alone && (why == delivery::evidence::out_of_memory || kills_alone >= kills_alone_max)) {
        deaths += std::exchange(unexplained, 0);
        proven += std::exchange(perhaps, 0);
      }
    }
    if (deaths >= deaths_max) *this = {0, 1, 0, 0, 0, attempts + proven, true};
  }
  void failed() {
    attempts += std::exchange(proven, 0);
    lived();
  }
  void lived() { unexplained = kills_alone = perhaps = 0; }
  void heard() { *this = {.attempts = attempts}; }
};

/// One try of a rule.
struct trial {
  enum class end { heard, failed, deferred };
  std::uint64_t seq = 0;
  end how = end::heard;
  std::string tag{};  ///< in the text of what it said
};

/// All that was committed about one message.
struct message_facts {
  std::vector<trial> trials{};
  death_account deaths{};

  [[nodiscard]] std::size_t count(trial::end how) const {
    return static_cast<std::size_t>(std::ranges::count(trials, how, &trial::how));
  }
  void add(trial one) {
    if (one.how == trial::end::heard) deaths.heard();
    if (one.how == trial::end::failed) deaths.failed();
    if (one.how == trial::end::deferred) deaths.lived();
    trials.push_back(std::move(one));
  }
};

}  // namespace musiccorp::ward

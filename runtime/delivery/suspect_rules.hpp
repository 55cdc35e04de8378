#pragma once

#include <string>
#include <string_view>

#include "delivery/attribution.hpp"

/// What a process death means for a message that may have caused it. Pure rules, no clock, no store.
namespace musiccorp::delivery {

/// The account of one message, kept in the store with it. A message with an empty account runs among others, any
/// other one runs alone on its node. A success empties it: suspicion{}.
struct suspicion {
  int deaths = 0;       ///< process deaths that are charged to it
  int unexplained = 0;  ///< further deaths in which it was a suspect
  int kills_alone =
      0;  ///< of those, the ones without any evidence while it ran alone; in a row, because a success clears

  [[nodiscard]] bool runs_alone() const { return deaths > 0 || unexplained > 0; }
  friend bool operator==(const suspicion&, const suspicion&) = default;
};

/// An operator may kill a node at any time, so a kill without a trace proves nothing about the message that happens
/// to run alone. Chance has its limit: when the third kill in a row meets the same message while it runs alone, which
/// is a moment that lasts as long as one message, it is the message (say, memory is watched by somebody whom the
/// kernel's counts do not show). Without this end a message that dies so would keep the node in a circle for ever.
constexpr int kills_alone_max = 3;

/// Of dead letters that killed their process; the text has the rest.
constexpr std::string_view reason_of_process_death = "handler_crash";

struct sentence {
  suspicion account;
  bool dies = false;  ///< a dead letter with reason_of_process_death
  std::string text;   ///< why, for a person
};

/// What follows for a message that was running when a process died.
/// - charged (a fatal signal in its own handling): one more death on its account.
/// - suspected, among others: it goes alone.
/// - suspected, alone, and the kernel killed for want of memory: proven. All deaths it was suspected of are its own.
/// - suspected, alone, without evidence: inconclusive up to kills_alone_max, then proven.
/// - innocent: nothing changes.
/// It dies when its account has `process_deaths_max` deaths; with the default that is the second death for signals
/// and for memory.
[[nodiscard]] sentence after_death(const suspicion& before, const finding& found, evidence why,
                                   int process_deaths_max = 2);

}  // namespace musiccorp::delivery

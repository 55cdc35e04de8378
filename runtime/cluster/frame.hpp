#pragma once

#include <caf/type_id.hpp>
#include <string>
#include <vector>

#include "message/envelope.hpp"

namespace musiccorp::cluster {

/// A parcel as a CAF message: the only type of ours that crosses nodes besides text. `head` is a `parcel_head` in
/// JSON, so that it may gain fields.
struct frame {
  std::string head{};
  std::vector<message::envelope> messages{};

  static constexpr auto describe() {
    return describe_as("frame", 1, field("head", &frame::head), field("messages", &frame::messages));
  }
};

/// Inspectors that print get no messages, because they may hold personal data.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, frame& x) {
  if constexpr (std::is_void_v<typename Inspector::result_type>)
    f(x.head);
  else
    return describe::inspect(f, x);
}

struct parcel_head {
  std::string session{};
  std::string from{};
  std::string to{};
  std::uint64_t epoch = 0;
  std::string kind{};
  std::uint64_t bytes = 0;  ///< what the sender counts for it, to be acknowledged
  std::string head{};

  static constexpr auto describe() {
    return describe_as("parcel_head", 1, field("session", &parcel_head::session), field("from", &parcel_head::from),
                       field("to", &parcel_head::to), field("epoch", &parcel_head::epoch, defaulted),
                       field("kind", &parcel_head::kind), field("bytes", &parcel_head::bytes),
                       field("head", &parcel_head::head, defaulted));
  }
};

/// What links say to each other besides parcels.
enum class word_kind : std::uint8_t {
  arrived,  ///< the first word both ways: CAF's connection stands
  beat,     ///< I live, and this is what I have
  bye,      ///< I stop; tell me when you have everything
  bye_ok    ///< I have everything that you sent before
};
constexpr auto describe_choice(word_kind) {
  return std::array<std::string_view, 4>{"arrived", "beat", "bye", "bye_ok"};
}

/// As JSON text. Times are the speaker's own steady clock in microseconds; only the speaker compares them.
struct word {
  word_kind say = word_kind::beat;
  std::string session{};
  std::uint64_t got_parcels = 0;  ///< from the peer in this session, refused ones too
  std::uint64_t got_bytes = 0;
  std::int64_t said_at = 0;
  std::int64_t echo = 0;     ///< `said_at` of the peer's last word; 0: none yet
  std::int64_t held_us = 0;  ///< how long ago that came
  std::string condition{};   ///< of the speaker's node, a word for people: see links::announce
  bool serves = true;        ///< false: it only asks whether it may; see link_options::joins

  static constexpr auto describe() {
    return describe_as("word", 1, field("say", &word::say), field("session", &word::session),
                       field("got_parcels", &word::got_parcels, defaulted),
                       field("got_bytes", &word::got_bytes, defaulted), field("said_at", &word::said_at, defaulted),
                       field("echo", &word::echo, defaulted), field("held_us", &word::held_us, defaulted),
                       field("condition", &word::condition, defaulted), field("serves", &word::serves, defaulted));
  }
};

}  // namespace musiccorp::cluster

CAF_BEGIN_TYPE_ID_BLOCK(musiccorp_cluster, caf::first_custom_type_id + 200)
CAF_ADD_TYPE_ID(musiccorp_cluster, (musiccorp::cluster::frame))
CAF_END_TYPE_ID_BLOCK(musiccorp_cluster)

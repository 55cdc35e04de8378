#pragma once

#include <caf/actor.hpp>
#include <caf/type_id.hpp>

#include "delivery/frames.hpp"
#include "message/envelope.hpp"

/// What cells say to each other as CAF messages.
namespace musiccorp::service {

/// A command or query. Exactly one `reply_message` with this token goes to the actor that came with it, or nothing
/// when the link between them is lost: every asker needs its own deadline.
struct request_message {
  std::uint64_t token = 0;
  std::int64_t deadline_us = 0;  ///< microseconds since 1970
  message::envelope message;
};

struct reply_message {
  std::uint64_t token = 0;
  message::envelope message;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request_message& x) {
  return f(x.token, x.deadline_us, x.message);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, reply_message& x) {
  return f(x.token, x.message);
}

}  // namespace musiccorp::service

CAF_BEGIN_TYPE_ID_BLOCK(musiccorp, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::message::envelope))
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::service::request_message))
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::service::reply_message))
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::delivery::hello))
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::delivery::subscribe))
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::delivery::batch))
CAF_ADD_TYPE_ID(musiccorp, (musiccorp::delivery::ack))
CAF_ADD_ATOM(musiccorp, musiccorp::service, start_atom, "start")
CAF_ADD_ATOM(musiccorp, musiccorp::service, drain_atom, "drain")
CAF_ADD_ATOM(musiccorp, musiccorp::service, rebuild_atom, "rebuild")
CAF_ADD_ATOM(musiccorp, musiccorp::service, run_atom, "run")
CAF_ADD_ATOM(musiccorp, musiccorp::service, tick_atom, "tick")
CAF_ADD_ATOM(musiccorp, musiccorp::service, link_lost_atom, "link_lost")
CAF_ADD_ATOM(musiccorp, musiccorp::service, stray_atom, "stray")
CAF_END_TYPE_ID_BLOCK(musiccorp)

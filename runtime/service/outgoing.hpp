#pragma once

#include <string>
#include <variant>
#include <vector>

#include "delivery/frames.hpp"
#include "message/envelope.hpp"
#include "supervision/crash_memory.hpp"

namespace musiccorp::service {

/// What a partition wants to leave its cell, in the order in which it may leave. Everything in here is already
/// committed.
struct outgoing {
  struct reply {
    std::uint64_t token;  ///< of the request
    message::envelope message;
  };
  struct question {
    std::string service;
    std::uint64_t id;
    base::instant deadline;
    message::envelope message;
  };
  struct frame {
    std::string service;
    std::variant<delivery::hello, delivery::subscribe, delivery::batch, delivery::ack> what;
  };
  std::vector<supervision::crash_report> crashes{};  ///< of rules, for whoever supervises this partition
  std::vector<reply> replies;
  std::vector<question> questions;
  std::vector<frame> frames;

  [[nodiscard]] bool empty() const {
    return crashes.empty() && replies.empty() && questions.empty() && frames.empty();
  }
};

}  // namespace musiccorp::service

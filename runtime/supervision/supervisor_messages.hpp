#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "supervision/supervisor_actor.hpp"

/// What a supervisor is told by messages; they never leave the process.
namespace musiccorp::supervision {

/// Makes sure that a command is answered exactly once, whatever becomes of its message.
class answer_slot {
 public:
  explicit answer_slot(on_answer then) : then_(std::move(then)) {}
  ~answer_slot() { give({outcome::stopping, "the supervisor is gone", {}}); }
  answer_slot(const answer_slot&) = delete;
  answer_slot& operator=(const answer_slot&) = delete;
  void give(const command_answer& answer) {
    if (const auto then = std::exchange(then_, nullptr)) then(answer);
  }

 private:
  on_answer then_;
};

struct command_message {
  enum class kind : std::uint8_t { start, restart, terminate, remove, replace, change, stop } what = kind::stop;
  std::string id{};
  std::vector<supervised_child> children{};
  supervisor_options options{};
  bool hurry = false;
  std::shared_ptr<answer_slot> answer{};
};

struct up_message {
  child_ref which;
};
struct crash_message {
  child_ref which;
  std::vector<crash_report> crashes;
};
struct orphan_limit_message {};
struct tick_message {
  std::uint64_t generation = 0;
};

}  // namespace musiccorp::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(musiccorp::supervision::command_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(musiccorp::supervision::up_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(musiccorp::supervision::crash_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(musiccorp::supervision::orphan_limit_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(musiccorp::supervision::tick_message)

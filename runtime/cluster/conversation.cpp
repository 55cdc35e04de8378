#include "cluster/conversation.hpp"

#include "cluster/hello.hpp"

namespace musiccorp::cluster {

conversation::state conversation::waits(wire::outcome for_what) {
  if (for_what == wire::outcome::wants_read) return state::wants_read;
  if (for_what == wire::outcome::wants_write) return state::wants_write;
  why_ = wire_.trouble();
  return state::ended;
}

conversation::state conversation::step() {
  if (!greeted_) {
    if (const auto done = wire_.handshake(); done != wire::outcome::done) return waits(done);
    greeted_ = true;
    if (to_say_ = who_.opening(); !to_say_.empty()) to_say_ += '\n';
  }
  for (;;) {
    while (!to_say_.empty()) {
      std::size_t put = 0;
      const auto done = wire_.write(to_say_.data(), to_say_.size(), put);
      if (done != wire::outcome::done) return waits(done);
      to_say_.erase(0, put);
    }
    if (is_over_ && agreed_) return state::agreed;
    if (is_over_) {
      why_ = "they have not agreed";
      return state::ended;
    }
    const auto read = read_line();
    if (read != state::agreed) return read;
    has_heard_ = true;
    auto reply = who_.hear(heard_, wire_.is_encrypted(), wire_.peer_names());
    heard_.clear();
    is_over_ = reply.is_over;
    agreed_ = reply.agreed;
    if (!reply.say.empty()) to_say_ = std::move(reply.say) + '\n';
  }
}

/// `agreed` means that a line is there. Nothing can follow it: whoever has said a line waits for an answer, and after
/// the last one for CAF's greeting.
conversation::state conversation::read_line() {
  char part[4096];
  for (;;) {
    std::size_t got = 0;
    const auto done = wire_.read(part, sizeof part, got);
    if (done != wire::outcome::done) return waits(done);
    heard_.append(part, got);
    if (heard_.back() == '\n') {
      heard_.pop_back();
      return state::agreed;
    }
    if (heard_.size() <= line_bytes_max && heard_.find('\n') == std::string::npos) continue;
    why_ = "it said something that is no hello";
    return state::ended;
  }
}

}  // namespace musiccorp::cluster

#include "cluster/conversation.hpp"

#include <cstring>

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

/// `agreed` means that a line is there. What follows the caller's last line is CAF's, and may already have come.
conversation::state conversation::read_line() {
  char part[4096];
  for (;;) {
    std::size_t got = 0;
    const auto done = wire_.read_line_part(part, sizeof part, got);
    if (done != wire::outcome::done) return waits(done);
    const bool is_whole = part[got - 1] == '\n';
    heard_.append(part, is_whole ? got - 1 : got);
    if (heard_.size() > line_bytes_max || std::memchr(part, '\n', got - (is_whole ? 1 : 0)) != nullptr) {
      why_ = "it said something that is no hello";
      return state::ended;
    }
    if (is_whole) return state::agreed;
  }
}

}  // namespace musiccorp::cluster

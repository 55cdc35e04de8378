#include "cluster/carried_wire.hpp"

#include <sys/socket.h>

#include <utility>

namespace musiccorp::cluster {

using caf::io::network::rw_state;

void carried_wire::shut() {
  const std::lock_guard hold{mutex_};
  if (is_open_) ::shutdown(wire_.socket(), SHUT_RDWR);
}

bool carried_wire::is_open() {
  const std::lock_guard hold{mutex_};
  return is_open_;
}

void carried_wire::end(const std::string& why) {
  {
    const std::lock_guard hold{mutex_};
    if (is_open_) ::shutdown(wire_.socket(), SHUT_RDWR);  // Nothing that waits to be written holds it any more.
    is_open_ = false;
  }
  if (auto tell = std::exchange(ended_, nullptr)) tell(why);
}

bool carried_wire::may_carry(std::size_t bytes) {
  if (bytes <= packet_bytes_max_) return true;
  end("it declares " + std::to_string(bytes) + " bytes at once, and may say " + std::to_string(packet_bytes_max_));
  return false;
}

rw_state wire_policy::read_some(std::size_t& got, int, void* to, std::size_t most) {
  got = 0;
  if (!line_->is_open()) return rw_state::failure;
  if (most == 0) return rw_state::indeterminate;
  if (line_->wire_.read(static_cast<char*>(to), most, got) != wire::outcome::ended) return rw_state::success;
  line_->end(line_->wire_.trouble());
  return rw_state::failure;
}

rw_state wire_policy::write_some(std::size_t& put, int, const void* from, std::size_t bytes) {
  put = 0;
  if (bytes == 0) return rw_state::indeterminate;
  // TLS takes a record each time; a few of them make up for the way through the event loop.
  constexpr std::size_t enough = 256 * 1024;
  const auto* text = static_cast<const char*>(from);
  while (put < bytes && put < enough) {
    std::size_t more = 0;
    const auto done = line_->wire_.write(text + put, bytes - put, more);
    if (done == wire::outcome::ended) {
      line_->end(line_->wire_.trouble());
      return rw_state::failure;
    }
    if (done != wire::outcome::done) break;
    put += more;
  }
  return rw_state::success;
}

bool wire_policy::must_read_more(int, std::size_t threshold) const {
  const auto pending = line_->wire_.pending();
  return pending > 0 && pending >= threshold;
}

void wire_scribe::configure_read(caf::io::receive_policy::config config) {
  if (!line_->may_carry(config.second)) return;
  stream_.configure_read(config);
  if (launched_) return;
  launched_ = true;
  stream_.start(this);
}

void wire_scribe::graceful_shutdown() {
  stream_.graceful_shutdown();
  detach(&stream_.backend(), false);
}

}  // namespace musiccorp::cluster

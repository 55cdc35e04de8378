#include "cluster/caller.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cluster/peer_link.hpp"

namespace musiccorp::cluster {

namespace {

using addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

tl::unexpected<fault> unavailable(std::string why) { return failure(fault_kind::unavailable, std::move(why)); }

/// Waits for the socket; false when the time is up or `stop` says so.
bool wait_for(int socket, short events, moment until, int stop) {
  for (;;) {
    pollfd both[]{{socket, events, 0}, {stop, POLLIN, 0}};
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - steady_now());
    if (rest.count() <= 0) return false;
    const auto count = poll(both, 2, static_cast<int>(rest.count()));
    if (count < 0 && errno == EINTR) continue;
    return count > 0 && both[1].revents == 0;
  }
}

result<int> connect_to(const addrinfo& where, moment until, int stop) {
  const auto made = socket(where.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) return unavailable(std::strerror(errno));
  auto error = connect(made, where.ai_addr, where.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (wait_for(made, POLLOUT, until, stop)) getsockopt(made, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return made;
  close(made);
  return failure(error == ECONNREFUSED ? fault_kind::not_found : fault_kind::unavailable, std::strerror(error));
}

result<int> connect_to(const std::string& host, std::uint16_t port, moment until, int stop) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (const auto code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list); code != 0)
    return unavailable(gai_strerror(code));
  const addresses found{list, freeaddrinfo};
  result<int> last = unavailable("no address");
  for (const auto* one = found.get(); one != nullptr && !last; one = one->ai_next)
    last = connect_to(*one, until, stop);
  return last;
}

}  // namespace

result<wire> call(const std::string& host, std::uint16_t port, const std::shared_ptr<const credentials>& own,
                  talker& who, duration within, int stop) {
  const auto until = steady_now() + within;
  const auto socket = connect_to(host, port, until, stop);
  if (!socket) return failure(socket.error());
  conversation talk{wire{*socket, wire::side::caller, own}, who};
  for (;;) {
    const auto state = talk.step();
    if (state == conversation::state::agreed) return std::move(talk.connection());
    if (state == conversation::state::ended)
      return failure(own && !talk.has_heard() ? fault_kind::unauthorized : fault_kind::unavailable, talk.why());
    if (!wait_for(*socket, state == conversation::state::wants_read ? POLLIN : POLLOUT, until, stop))
      return unavailable("it takes the call, but does not answer");
  }
}

}  // namespace musiccorp::cluster

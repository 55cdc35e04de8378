#include "cluster/wire.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "cluster/openssl.hpp"

namespace musiccorp::cluster {

namespace {

/// OpenSSL's own socket, but a broken pipe is an answer and not a signal, whatever thread it happens on.
const BIO_METHOD* quiet_socket() {
  static const auto* const method = [] {
    auto* made = BIO_meth_new(BIO_TYPE_SOCKET, "quiet socket");
    const auto* usual = BIO_s_socket();
    BIO_meth_set_create(made, BIO_meth_get_create(usual));
    BIO_meth_set_destroy(made, BIO_meth_get_destroy(usual));
    BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(usual));
    BIO_meth_set_read(made, BIO_meth_get_read(usual));
    BIO_meth_set_write(made, [](BIO* to, const char* from, int bytes) {
      const auto count =
          send(static_cast<int>(BIO_get_fd(to, nullptr)), from, static_cast<std::size_t>(bytes), MSG_NOSIGNAL);
      BIO_clear_retry_flags(to);
      if (count <= 0 && BIO_sock_should_retry(static_cast<int>(count)) != 0) BIO_set_retry_write(to);
      return static_cast<int>(count);
    });
    return made;
  }();
  return method;
}

}  // namespace

void wire::tls_free::operator()(SSL* tls) const { SSL_free(tls); }

wire::wire(int socket, side which, std::shared_ptr<const credentials> own)
    : socket_(std::make_unique<int>(socket)), side_(which), credentials_(std::move(own)) {
  set_socket_options(socket);
  if (!credentials_) return;
  tls_.reset(SSL_new(credentials_->context()));
  auto* carrier = BIO_new(quiet_socket());
  if (!tls_ || !carrier) {
    BIO_free(carrier);
    tls_.reset();
    trouble_ = "OpenSSL gives no connection: " + take_openssl_error();
    return;
  }
  BIO_set_fd(carrier, socket, BIO_NOCLOSE);
  SSL_set_bio(tls_.get(), carrier, carrier);
  if (which == side::caller)
    SSL_set_connect_state(tls_.get());
  else
    SSL_set_accept_state(tls_.get());
}

wire::~wire() {
  tls_.reset();
  if (socket_ && owned_) close(*socket_);
}

wire::outcome wire::after_tls(int code) {
  const auto system = errno;
  switch (SSL_get_error(tls_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      return outcome::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return outcome::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      trouble_ = "the peer has closed the connection";
      break;
    case SSL_ERROR_SYSCALL:
      trouble_ = system == 0 ? "the peer has closed the connection" : std::strerror(system);
      break;
    default: {
      const auto checked = SSL_get_verify_result(tls_.get());
      trouble_ = take_openssl_error();
      if (checked != X509_V_OK)
        trouble_ = std::string{"the peer's certificate is not accepted: "} + X509_verify_cert_error_string(checked);
    }
  }
  ERR_clear_error();
  return outcome::ended;
}

wire::outcome wire::after_plain(long count) {
  if (count == 0) {
    trouble_ = "the peer has closed the connection";
    return outcome::ended;
  }
  trouble_ = std::strerror(errno);
  return outcome::ended;
}

wire::outcome wire::handshake() {
  if (!credentials_) return outcome::done;
  if (!tls_) return outcome::ended;
  ERR_clear_error();
  errno = 0;
  const auto code = SSL_do_handshake(tls_.get());
  return code == 1 ? outcome::done : after_tls(code);
}

wire::outcome wire::read(char* to, std::size_t most, std::size_t& got) {
  got = 0;
  errno = 0;
  if (tls_) {
    ERR_clear_error();
    const auto count = SSL_read(tls_.get(), to, static_cast<int>(std::min<std::size_t>(most, INT_MAX)));
    if (count <= 0) return after_tls(count);
    got = static_cast<std::size_t>(count);
    return outcome::done;
  }
  const auto count = recv(*socket_, to, most, MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return outcome::wants_read;
  if (count <= 0) return after_plain(count);
  got = static_cast<std::size_t>(count);
  return outcome::done;
}

wire::outcome wire::read_line_part(char* to, std::size_t most, std::size_t& got) {
  if (tls_) return read(to, most, got);
  const auto there = recv(*socket_, to, most, MSG_PEEK | MSG_NOSIGNAL);
  if (there > 0) {
    const auto* end = static_cast<const char*>(std::memchr(to, '\n', static_cast<std::size_t>(there)));
    most = end ? static_cast<std::size_t>(end - to) + 1 : static_cast<std::size_t>(there);
  }
  return read(to, most, got);
}

wire::outcome wire::write(const char* from, std::size_t bytes, std::size_t& put) {
  put = 0;
  errno = 0;
  if (tls_) {
    ERR_clear_error();
    const auto count = SSL_write(tls_.get(), from, static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)));
    if (count <= 0) return after_tls(count);
    put = static_cast<std::size_t>(count);
    return outcome::done;
  }
  const auto count = send(*socket_, from, bytes, MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return outcome::wants_write;
  if (count < 0) return after_plain(count);
  put = static_cast<std::size_t>(count);
  return outcome::done;
}

std::size_t wire::pending() const { return tls_ ? static_cast<std::size_t>(SSL_pending(tls_.get())) : 0; }

std::set<std::string> wire::peer_names() const {
  const certificate_ptr shown{tls_ ? SSL_get1_peer_certificate(tls_.get()) : nullptr};
  return shown ? names_in(*shown) : std::set<std::string>{};
}

void set_socket_options(int socket) {
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  const int yes = 1, idle = 5, between = 2, probes = 3;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

std::string peer_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "an unknown address";
  return std::string{host} + ":" + port;
}

}  // namespace musiccorp::cluster

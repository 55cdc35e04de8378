#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>

#include "cluster/credentials.hpp"

struct ssl_st;

namespace musiccorp::cluster {

/// A connected socket, with TLS or without. All calls are non-blocking. A broken pipe is an answer,
/// not a signal. One owner.
class wire {
 public:
  enum class side : std::uint8_t { caller, called };
  enum class outcome : std::uint8_t {
    done,         ///< for reads and writes: at least one byte
    wants_read,   ///< again when the socket is readable
    wants_write,  ///< again when it is writable
    ended         ///< closed or broken; trouble() says how
  };

  /// Takes the socket. Without credentials: plain.
  wire(int socket, side which, std::shared_ptr<const credentials> own);
  wire(wire&&) noexcept = default;
  wire& operator=(wire&&) = delete;
  ~wire();  ///< closes the socket unless it was given away

  /// TLS; at once done when plain.
  [[nodiscard]] outcome handshake();
  [[nodiscard]] outcome read(char* to, std::size_t most, std::size_t& got);
  /// Reads no further than the end of a line: what follows it may be somebody else's. With TLS each line is a record
  /// of its own, and no reading goes beyond a record.
  [[nodiscard]] outcome read_line_part(char* to, std::size_t most, std::size_t& got);
  [[nodiscard]] outcome write(const char* from, std::size_t bytes, std::size_t& put);
  /// Bytes that were decrypted and not yet read: no event of the socket will tell of them.
  [[nodiscard]] std::size_t pending() const;

  [[nodiscard]] int socket() const { return *socket_; }
  /// Somebody else closes it from now on; it stays usable.
  void give_socket_away() { owned_ = false; }
  [[nodiscard]] bool is_encrypted() const { return tls_ != nullptr; }
  /// Names in the peer's certificate; empty when plain, or before the handshake.
  [[nodiscard]] std::set<std::string> peer_names() const;
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  struct tls_free {
    void operator()(ssl_st* tls) const;
  };
  [[nodiscard]] outcome after_tls(int code);
  [[nodiscard]] outcome after_plain(long count);

  std::unique_ptr<int> socket_;
  bool owned_ = true;
  side side_;
  std::shared_ptr<const credentials> credentials_;
  std::unique_ptr<ssl_st, tls_free> tls_;
  std::string trouble_;
};

/// Non-blocking, without delay for small messages, with the kernel's own check for a peer that is silent for long.
void set_socket_options(int socket);
/// "127.0.0.1:4711", or what can be said.
[[nodiscard]] std::string peer_address(int socket);

}  // namespace musiccorp::cluster

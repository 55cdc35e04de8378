#pragma once

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>
#include <functional>
#include <mutex>
#include <string>

#include "cluster/wire.hpp"

/// A wire inside CAF's event loop: what CAF's own TCP and TLS streams are for their sockets. CAF's TLS is not used,
/// because it makes its handshakes inside the event loop: a connection that says nothing keeps a whole core busy for
/// as long as it stands, an unreadable key ends the process, and the peer's certificate stays hidden.
namespace musiccorp::cluster {

/// What outlives CAF's stream: everybody may ask it to close.
class carried_wire {
 public:
  using told = std::function<void(const std::string& why)>;
  /// `ended` is called once, by the thread that runs the event loop, or by whoever lets a wire go that was never
  /// used.
  /// The peer may say at most `packet_bytes_max` at once: CAF makes room for as much as it declares.
  carried_wire(wire connection, std::size_t packet_bytes_max, told ended)
      : wire_(std::move(connection)), packet_bytes_max_(packet_bytes_max), ended_(std::move(ended)) {
    handle_ = caf::io::network::conn_hdl_from_socket(wire_.socket());
  }
  ~carried_wire() { end("the connection was never used"); }
  carried_wire(const carried_wire&) = delete;
  carried_wire& operator=(const carried_wire&) = delete;

  [[nodiscard]] caf::io::connection_handle handle() const { return handle_; }
  /// CAF's stream closes the socket from now on.
  void taken_by_stream() { wire_.give_socket_away(); }
  /// Any thread. The event loop finds it closed and cleans up.
  void shut();
  /// The socket's number is surely this wire's only as long as it is, and only on the event loop's thread.
  [[nodiscard]] bool is_open();
  /// Whether CAF may wait for so many bytes; else this is the end of the wire. The event loop's thread.
  [[nodiscard]] bool may_carry(std::size_t bytes);

 private:
  friend class wire_policy;
  void end(const std::string& why);

  wire wire_;  ///< the event loop's
  const std::size_t packet_bytes_max_;
  caf::io::connection_handle handle_;
  std::mutex mutex_;
  bool is_open_ = true;
  told ended_;
};

/// How CAF's stream reads and writes.
class wire_policy {
 public:
  explicit wire_policy(std::shared_ptr<carried_wire> which) : line_(std::move(which)) {}
  ~wire_policy() { line_->end("the connection was closed"); }
  wire_policy(const wire_policy&) = delete;
  wire_policy& operator=(const wire_policy&) = delete;

  caf::io::network::rw_state read_some(std::size_t& got, caf::io::network::native_socket, void* to, std::size_t most);
  caf::io::network::rw_state write_some(std::size_t& put, caf::io::network::native_socket, const void* from,
                                        std::size_t bytes);
  [[nodiscard]] bool must_read_more(caf::io::network::native_socket, std::size_t threshold) const;

 private:
  std::shared_ptr<carried_wire> line_;
};

class wire_scribe final : public caf::io::scribe {
 public:
  wire_scribe(caf::io::network::default_multiplexer& loop, const std::shared_ptr<carried_wire>& which)
      : scribe(which->handle()), line_(which), stream_(loop, static_cast<int>(which->handle().id()), which) {
    which->taken_by_stream();
  }

  void configure_read(caf::io::receive_policy::config config) override;
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void graceful_shutdown() override;
  void flush() override { stream_.flush(this); }
  std::string addr() const override { return {}; }
  uint16_t port() const override { return 0; }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

 private:
  bool launched_ = false;
  std::shared_ptr<carried_wire> line_;
  caf::io::network::stream_impl<wire_policy> stream_;
};

}  // namespace musiccorp::cluster

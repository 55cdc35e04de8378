#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/request_reader.hpp"
#include "http/server.hpp"

/// Internal to the room.
namespace musiccorp::http {

/// What an open stream's two ends know of each other. Shared by threads.
struct stream_gauge {
  std::atomic<std::size_t> queued{0};  ///< bytes pushed and not yet taken by the client's socket
  std::atomic<bool> gone{false};
};

/// One server connection without its socket: bytes in, bytes out, time is an argument, so every rule is tested
/// without a port. One owner, no locking.
///
///     idle -> head -> (body) -> running -> idle          running -> streaming
///     any failure or last answer -> closing (output leaves) -> lingering (input is thrown away) -> over
///
/// Requests that arrive while one is running wait in the input (pipelining): answers can't overtake each other.
class session {
 public:
  using time = std::chrono::steady_clock::time_point;
  using turn_number = std::uint64_t;

  class owner {
   public:
    virtual ~owner() = default;
    /// A whole request. `answer` and the stream calls for this turn may come before it returns, or at any later time.
    virtual void run(request what, turn_number turn) = 0;
    virtual void observe(const request_record& record) = 0;
  };

  session(const server_options& options, owner& above, std::string remote, time now);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void receive(std::string_view bytes, time now);
  void receive_end();
  /// Reads on in what `receive` had to keep back. True when there is more to send than before.
  [[nodiscard]] bool advance(time now);
  /// Deadlines and heartbeats.
  void tick(time now);
  /// No further request after the running one; an idle or streaming session is over.
  void drain();

  /// Calls for a turn that has been answered, or timed out, are ignored.
  void answer(turn_number turn, reply what, route_label route, time now);
  void open_stream(turn_number turn, std::string content_type, std::shared_ptr<stream_gauge> gauge, route_label route,
                   time now);
  void push(turn_number turn, std::string_view text, time now);
  void end_stream(turn_number turn);

  /// What waits to be sent, in order; either part may be empty.
  [[nodiscard]] std::array<std::string_view, 2> output() const;
  [[nodiscard]] bool has_output() const { return out_at_ < out_.size() || large_ != nullptr; }
  void sent(std::size_t bytes);
  /// The socket took nothing: the client has `write_timeout` from the first such time on.
  void blocked(time now);

  [[nodiscard]] bool wants_input() const;
  /// All is sent: the owner shuts the sending side down and says so by `lingers`.
  [[nodiscard]] bool wants_shutdown() const { return state_ == state::closing && !has_output(); }
  void lingers(time now);
  /// The connection is lost; nothing more is sent.
  void abandon();
  [[nodiscard]] bool over() const { return state_ == state::over; }
  /// A request of the client's waits for its answer, or for the rest of it. A stream's end owes nothing.
  [[nodiscard]] bool owes() const { return state_ == state::running || (has_output() && !was_stream_); }

 private:
  enum class state : std::uint8_t { idle, head, body, running, streaming, closing, lingering, over };

  const server_options& options_;
  owner& above_;
  std::string remote_;
  request_reader reader_;
  state state_ = state::idle;
  time deadline_;
  std::optional<time> write_deadline_;
  bool draining_ = false;
  bool input_ended_ = false;

  std::string held_;  ///< input that can't be used yet
  std::string out_;
  std::size_t out_at_ = 0;
  std::shared_ptr<const std::string> large_;  ///< a body too large to copy, sent behind `out_`
  std::size_t large_at_ = 0;

  turn_number turn_ = 0;
  time started_;
  std::string method_;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  bool was_stream_ = false;
  std::shared_ptr<stream_gauge> gauge_;

  [[nodiscard]] bool accepts() const;
  [[nodiscard]] std::string_view parse(std::string_view bytes, time now);
  void begin_body(bool client_waits, time now);
  void begin_turn(time now);
  void refuse(int status, std::string_view text, time now);
  void send(reply&& what);
  void append_body(reply_body&& body);
  void record(int status, route_label route, time now);
};

}  // namespace musiccorp::http

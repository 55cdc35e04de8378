#include "http/session.hpp"

#include <algorithm>

#include "http/problem.hpp"
#include "http/reply_text.hpp"

namespace musiccorp::http {
namespace {

/// Bodies up to here are copied behind their header: one buffer is faster than two.
constexpr std::size_t copy_limit = 16U << 10U;
/// Pipelined requests wait while the client has not taken this much of their predecessors' answers.
constexpr std::size_t output_enough = 64U << 10U;
/// How long a closed connection's input is still read, so that the client sees the answer and not a reset.
constexpr std::chrono::milliseconds linger_timeout{1'000};
constexpr std::chrono::milliseconds linger_timeout_at_the_end{200};

std::shared_ptr<const std::string> share(reply_body&& body) {
  if (auto* own = std::get_if<std::string>(&body)) return std::make_shared<const std::string>(std::move(*own));
  return std::get<1>(std::move(body));
}

bool is_final_status(int status) { return status >= 200 && status <= 599; }

}  // namespace

session::session(const server_options& options, owner& above, std::string remote, time now)
    : options_(options),
      above_(above),
      remote_(std::move(remote)),
      reader_({options.header_limit, options.body_limit}),
      deadline_(now + options.header_timeout),
      started_(now) {}

session::~session() { abandon(); }

void session::receive(std::string_view bytes, time now) {
  if (state_ >= state::streaming) return;  // Nobody will read it: the last answer is on its way.
  if (held_.empty() && accepts()) {
    held_.assign(parse(bytes, now));
    return;
  }
  held_.append(bytes);
  if (accepts()) (void)advance(now);
}

void session::receive_end() {
  input_ended_ = true;  // A client may end its side after its last request and still wait for the answer.
  if (state_ == state::running || state_ == state::closing) return;
  if (state_ == state::streaming || !has_output()) return abandon();
  state_ = state::closing;  // It reads slowly: answers are still on their way.
}

bool session::advance(time now) {
  if (held_.empty() || !accepts()) return false;
  const auto before = out_.size();
  const auto kept = parse(held_, now).size();
  held_.erase(0, held_.size() - kept);
  return out_.size() > before || large_ != nullptr;
}

bool session::accepts() const {
  return state_ <= state::body && large_ == nullptr && out_.size() - out_at_ < output_enough;
}

std::string_view session::parse(std::string_view bytes, time now) {
  while (accepts()) {
    if (state_ == state::idle) {
      bytes.remove_prefix(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));  // RFC 9112, 2.2
      if (bytes.empty()) return {};
      state_ = state::head;
      started_ = now;
      deadline_ = now + options_.header_timeout;
    }
    const auto step = reader_.feed(bytes);
    bytes.remove_prefix(step.consumed);
    switch (step.what) {
      case request_reader::outcome::more:
        return bytes;
      case request_reader::outcome::head:
        begin_body(bytes.empty(), now);
        break;
      case request_reader::outcome::done:
        begin_turn(now);
        break;
      case request_reader::outcome::failed:
        method_ = reader_.method();
        refuse(reader_.failed_status(), reader_.failed_text(), now);
        return {};
    }
  }
  return state_ >= state::streaming ? std::string_view{} : bytes;
}

void session::begin_body(bool client_waits, time now) {
  state_ = state::body;
  deadline_ = now + options_.body_timeout;
  if (client_waits && reader_.expects_continue() && !reader_.is_http_1_0())
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
}

void session::begin_turn(time now) {
  keep_alive_ = reader_.keep_alive();
  http_1_0_ = reader_.is_http_1_0();
  request what = reader_.take();
  method_ = what.method;
  what.remote = remote_;
  state_ = state::running;
  deadline_ = now + options_.answer_timeout;
  above_.run(std::move(what), ++turn_);
}

void session::answer(turn_number turn, reply what, route_label route, time now) {
  if (state_ != state::running || turn != turn_) return;
  if (!is_final_status(what.status))
    what = problem_reply(500, "the handler answered with status " + std::to_string(what.status));
  keep_alive_ = keep_alive_ && !draining_;
  const int status = what.status;
  send(std::move(what));
  state_ = keep_alive_ ? state::idle : state::closing;
  deadline_ = now + options_.idle_timeout;
  record(status, route, now);
}

/// For requests that never reached a handler, or whose handler never answered: what follows in the input can't be
/// trusted.
void session::refuse(int status, std::string_view text, time now) {
  keep_alive_ = false;
  send(problem_reply(status, text));
  state_ = state::closing;
  record(status, {}, now);
}

void session::send(reply&& what) {
  append_head(out_, what, {keep_alive_, http_1_0_, false}, date_line(options_.clock->now()));
  if (method_ != "HEAD" && may_have_body(what.status)) append_body(std::move(what.body));
}

void session::append_body(reply_body&& body) {
  const auto text = text_of(body);
  if (text.size() <= copy_limit) {
    out_.append(text);
    return;
  }
  large_ = share(std::move(body));
  large_at_ = 0;
}

void session::open_stream(turn_number turn, std::string content_type, std::shared_ptr<stream_gauge> gauge,
                          route_label route, time now) {
  if (state_ != state::running || turn != turn_ || draining_) {
    gauge->gone = true;
    if (draining_) answer(turn, problem_reply(503, "the server is stopping"), route, now);
    return;
  }
  reply head{200, std::move(content_type), {{"cache-control", "no-store"}}, {}};
  keep_alive_ = false;
  append_head(out_, head, {false, http_1_0_, true}, date_line(options_.clock->now()));
  gauge_ = std::move(gauge);
  gauge_->queued += out_.size() - out_at_;
  state_ = state::streaming;
  was_stream_ = true;
  deadline_ = now + options_.stream_heartbeat;
  record(head.status, route, now);
  if (method_ == "HEAD") end_stream(turn);
}

void session::push(turn_number turn, std::string_view text, time now) {
  if (state_ != state::streaming || turn != turn_) return;
  out_.append(text);
  deadline_ = now + options_.stream_heartbeat;
}

void session::end_stream(turn_number turn) {
  if (state_ != state::streaming || turn != turn_) return;
  gauge_->gone = true;
  gauge_.reset();
  state_ = state::closing;
}

std::array<std::string_view, 2> session::output() const {
  return {std::string_view{out_}.substr(out_at_),
          large_ ? std::string_view{*large_}.substr(large_at_) : std::string_view{}};
}

void session::blocked(time now) {
  if (!write_deadline_) write_deadline_ = now + options_.write_timeout;
}

void session::sent(std::size_t bytes) {
  if (gauge_) gauge_->queued -= bytes;
  write_deadline_.reset();
  const auto own = std::min(bytes, out_.size() - out_at_);
  out_at_ += own;
  large_at_ += bytes - own;
  if (large_ && large_at_ == large_->size()) large_.reset();
  if (out_at_ == out_.size() || out_at_ >= output_enough) {
    out_.erase(0, out_at_);
    out_at_ = 0;
  }
}

bool session::wants_input() const {
  if (input_ended_) return false;
  return state_ == state::streaming || state_ == state::lingering || state_ == state::closing || accepts();
}

void session::lingers(time now) {
  state_ = state::lingering;
  deadline_ = now + (draining_ ? linger_timeout_at_the_end : linger_timeout);
  if (input_ended_) abandon();
}

void session::tick(time now) {
  if (write_deadline_ && now >= *write_deadline_) return abandon();
  if (now < deadline_) return;
  switch (state_) {
    case state::idle:
      if (!has_output()) return abandon();
      deadline_ = now + options_.idle_timeout;  // Not idle: it takes an answer, slowly. `blocked` watches over that.
      return;
    case state::head:
      return refuse(408, "the header took too long", now);
    case state::body:
      return refuse(408, "the body took too long", now);
    case state::running:
      return refuse(504, "no answer in time", now);
    case state::streaming:
      gauge_->queued += 3;
      return push(turn_, ":\n\n", now);
    case state::closing:
      return;
    case state::lingering:
      return abandon();
    case state::over:
      return;
  }
}

void session::drain() {
  draining_ = true;
  if (state_ == state::idle && !has_output() && held_.empty()) return abandon();
  if (state_ == state::idle) state_ = state::closing;
  if (state_ == state::streaming) end_stream(turn_);
}

void session::record(int status, route_label route, time now) {
  above_.observe({route, method_, status, now - started_});
}

void session::abandon() {
  if (gauge_) gauge_->gone = true;
  gauge_.reset();
  large_.reset();
  out_.clear();
  out_at_ = 0;
  state_ = state::over;
}

}  // namespace musiccorp::http

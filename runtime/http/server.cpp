#include "http/server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/ensure.hpp"
#include "http/mailbox.hpp"
#include "http/problem.hpp"
#include "http/session.hpp"

/// The sockets and threads around `session`. A worker is one thread with an io_context of its own; a connection
/// belongs to one worker for life, so nothing about it is locked. Answers from other threads come through the
/// worker's mailbox.
namespace musiccorp::http {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using tcp_socket = net::basic_stream_socket<tcp, net::io_context::executor_type>;

/// After a failed accept (no file descriptors left) the next try waits, or it would spin.
constexpr milliseconds accept_pause{50};
constexpr std::size_t read_size = 8U << 10U;

class worker;

class connection final : public std::enable_shared_from_this<connection>,
                         private session::owner,
                         private parcel_receiver {
 public:
  connection(worker& home, connection_id id, tcp_socket&& peer, std::string remote);
  /// Sends what can be sent, reads on when there is reason to, closes when all is over.
  void pump();
  void deliver(parcel&& what) override;
  void tick();
  void drain();
  void close();
  [[nodiscard]] bool owes() const { return session_.owes(); }

 private:
  worker& home_;
  const connection_id id_;
  tcp_socket socket_;
  session session_;
  bool busy_ = false;  ///< handlers of this connection are running; output is sent when they are done
  bool reading_ = false;
  bool writing_ = false;
  std::array<char, read_size> input_{};

  template <class Step>
  bool while_busy(Step step);
  void run(request what, session::turn_number turn) override;
  void observe(const request_record& record) override;
  bool flush();
  void read();
  void on_read(const error_code& ec, std::size_t bytes);
  void flush_when_writable();
};

class worker {
 public:
  worker(const server_options& options, const handler& handle, std::shared_ptr<load> counts);

  void start() {
    thread_ = std::thread{[this] { run(); }};
  }
  /// Cuts all connections and ends the thread. How many clients lost an answer.
  std::size_t stop();
  /// Takes over a new connection, already counted.
  void adopt(tcp_socket peer);
  void drain();
  void forget(connection_id id);
  [[nodiscard]] bool is_here() const { return thread_.get_id() == std::this_thread::get_id(); }
  [[nodiscard]] net::io_context& context() { return context_; }

  const server_options& options;
  const handler& handle;
  const std::shared_ptr<mailbox> mail;

 private:
  net::io_context context_{1};
  net::executor_work_guard<net::io_context::executor_type> work_{context_.get_executor()};
  net::steady_timer timer_{context_};
  bool ticking_ = false;
  bool draining_ = false;
  connection_id next_id_ = 0;
  std::unordered_map<connection_id, std::shared_ptr<connection>> connections_;
  std::thread thread_;

  [[nodiscard]] std::vector<std::shared_ptr<connection>> everybody() const;
  void run();
  void open_mail();
  void tick_later();
};

std::string text_of(const tcp_socket& peer) {
  error_code ec;
  const auto end = peer.remote_endpoint(ec);
  if (ec) return "unknown";  // Reset before the accept was finished.
  const auto address = end.address().to_string(ec);
  return (end.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(end.port());
}

connection::connection(worker& home, connection_id id, tcp_socket&& peer, std::string remote)
    : home_(home),
      id_(id),
      socket_(std::move(peer)),
      session_(home.options, *this, std::move(remote), steady_clock::now()) {
  error_code ignored;  // A peer that is gone already shows at the first read.
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

void connection::pump() {
  do {
    if (!flush()) return close();
  } while (while_busy([this] { return session_.advance(steady_clock::now()); }));
  if (session_.wants_shutdown()) {
    error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
    session_.lingers(steady_clock::now());
  }
  if (session_.over()) return close();
  if (session_.wants_input() && !reading_) read();
}

template <class Step>
bool connection::while_busy(Step step) {
  busy_ = true;
  home_.mail->serve(id_, this);
  const bool outcome = step();
  home_.mail->serve(0, nullptr);
  busy_ = false;
  return outcome;
}

void connection::run(request what, session::turn_number turn) {
  auto& counts = home_.mail->counts();
  if (counts.in_flight >= home_.options.requests_in_flight_max) {
    const auto no = fault{fault_kind::overloaded, "too many requests are being answered", {}, {}};
    return session_.answer(turn, problem_reply(no), {}, steady_clock::now());
  }
  auto back = make_exchange(home_.mail, id_, turn, home_.options);
  try {
    home_.handle(std::move(what), back);
  } catch (...) {
    // Its text stays here: it may name what is none of the client's business.
    back->respond(problem_reply(500, "the handler of this request failed"));
  }
}

void connection::observe(const request_record& record) {
  if (home_.options.observe) home_.options.observe(record);
}

void connection::deliver(parcel&& what) {
  const auto now = steady_clock::now();
  switch (what.what) {
    case parcel::order::answer:
      session_.answer(what.turn, std::move(what.answer), what.route, now);
      break;
    case parcel::order::open:
      session_.open_stream(what.turn, std::move(what.answer.content_type), std::move(what.gauge), what.route, now);
      break;
    case parcel::order::push:
      session_.push(what.turn, what.text, now);
      break;
    case parcel::order::end:
      session_.end_stream(what.turn);
      break;
  }
  if (!busy_) pump();
}

bool connection::flush() {
  while (session_.has_output() && !writing_) {
    const auto output = session_.output();
    const std::array<net::const_buffer, 2> buffers{net::buffer(output[0].data(), output[0].size()),
                                                   net::buffer(output[1].data(), output[1].size())};
    error_code ec;
    const auto bytes = socket_.write_some(buffers, ec);  // Never raises SIGPIPE: Asio sends with MSG_NOSIGNAL.
    if (ec == net::error::would_block) {
      session_.blocked(steady_clock::now());
      flush_when_writable();
    } else if (ec) {
      return false;
    } else {
      session_.sent(bytes);
    }
  }
  return true;
}

/// Waits without holding on to the output, which may grow and move meanwhile.
void connection::flush_when_writable() {
  writing_ = true;
  socket_.async_wait(tcp_socket::wait_write, [self = shared_from_this()](const error_code& ec) {
    self->writing_ = false;
    if (!ec && self->socket_.is_open()) self->pump();
  });
}

void connection::read() {
  reading_ = true;
  socket_.async_read_some(net::buffer(input_), [self = shared_from_this()](const error_code& ec, std::size_t bytes) {
    self->on_read(ec, bytes);
  });
}

void connection::on_read(const error_code& ec, std::size_t bytes) {
  reading_ = false;
  if (!socket_.is_open()) return;
  if (ec == net::error::eof) {
    session_.receive_end();
  } else if (ec) {
    return close();
  } else {
    while_busy([&] { return session_.receive({input_.data(), bytes}, steady_clock::now()), true; });
  }
  pump();
}

void connection::tick() {
  session_.tick(steady_clock::now());
  if (socket_.is_open()) pump();
}

void connection::drain() {
  session_.drain();
  pump();
}

void connection::close() {
  if (!socket_.is_open()) return;
  session_.abandon();
  error_code ignored;
  socket_.close(ignored);
  home_.forget(id_);
}

worker::worker(const server_options& all_options, const handler& of_all, std::shared_ptr<load> counts)
    : options(all_options),
      handle(of_all),
      mail(std::make_shared<mailbox>(std::move(counts), [this] { net::post(context_, [this] { open_mail(); }); })) {}

void worker::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (...) {
      mail->serve(0, nullptr);  // No memory for one connection; the others go on.
    }
  }
}

void worker::open_mail() {
  for (auto& each : mail->take()) {
    const auto found = connections_.find(each.connection);
    if (found == connections_.end()) continue;
    const auto alive = found->second;  // It may close itself meanwhile.
    alive->deliver(std::move(each));
  }
}

void worker::adopt(tcp_socket peer) {
  const auto id = ++next_id_;
  auto remote = text_of(peer);
  const auto fresh = std::make_shared<connection>(*this, id, std::move(peer), std::move(remote));
  connections_.emplace(id, fresh);
  if (draining_) return fresh->close();
  fresh->pump();
  if (!ticking_) tick_later();
}

void worker::forget(connection_id id) {
  connections_.erase(id);
  auto& counts = mail->counts();
  const std::lock_guard lock{counts.mutex};
  if (--counts.connections == 0) counts.emptied.notify_all();
}

std::vector<std::shared_ptr<connection>> worker::everybody() const {
  std::vector<std::shared_ptr<connection>> all;
  all.reserve(connections_.size());
  for (const auto& [id, each] : connections_) all.push_back(each);
  return all;
}

void worker::tick_later() {
  const auto shortest = std::min({options.idle_timeout, options.header_timeout, options.body_timeout,
                                  options.answer_timeout, options.write_timeout, options.stream_heartbeat});
  ticking_ = true;
  timer_.expires_after(std::clamp(shortest / 4, milliseconds{10}, milliseconds{500}));
  timer_.async_wait([this](const error_code& ec) {
    ticking_ = false;
    if (ec) return;
    for (const auto& each : everybody()) each->tick();
    if (!connections_.empty()) tick_later();
  });
}

void worker::drain() {
  draining_ = true;
  for (const auto& each : everybody()) each->drain();
}

std::size_t worker::stop() {
  mail->close();
  std::size_t cut = 0;
  net::post(context_, [this, &cut] {
    draining_ = true;
    for (const auto& each : everybody()) {
      cut += std::size_t{each->owes()};
      each->close();
    }
    timer_.cancel();
    work_.reset();
  });
  thread_.join();
  return cut;
}

result<tcp::endpoint> endpoint_of(const server_options& options) {
  error_code ec;
  const auto address = net::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, ec);
  if (ec) return failure(fault_kind::invalid, "cannot listen on \"" + options.host + "\": not an IP address");
  return tcp::endpoint{address, options.port};
}

/// Best effort: a client that has not sent its request yet will read it.
void turn_away(tcp_socket& peer) {
  constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";
  error_code ignored;
  peer.non_blocking(true, ignored);
  peer.write_some(net::buffer(answer.data(), answer.size()), ignored);
  peer.shutdown(tcp_socket::shutdown_both, ignored);
  peer.close(ignored);
}

}  // namespace

class server::impl {
 public:
  impl(server_options options, handler handle) : options_(std::move(options)), handle_(std::move(handle)) {}

  [[nodiscard]] result<std::uint16_t> start() {
    ensure(workers_.empty(), "a server starts once");
    const auto end = endpoint_of(options_);
    if (!end) return failure(end.error());
    for (std::size_t k = 0; k < std::max<std::size_t>(1, options_.io_threads); ++k)
      workers_.push_back(std::make_unique<worker>(options_, handle_, counts_));
    acceptor_.emplace(workers_.front()->context());
    retry_.emplace(workers_.front()->context());
    error_code ec;
    if (!listen(*end, ec)) {
      error_code ignored;  // `ec` says why, and is told below.
      acceptor_->close(ignored);
      acceptor_.reset();
      retry_.reset();
      workers_.clear();
      return failure(fault_kind::unavailable,
                     "cannot listen on " + options_.host + ":" + std::to_string(options_.port) + ": " + ec.message());
    }
    const auto port = acceptor_->local_endpoint(ec).port();
    for (auto& each : workers_) each->start();
    // Not before all have started: a new connection asks whether its worker's thread is this one.
    net::post(workers_.front()->context(), [this] { accept(); });
    return port;
  }

  void stop_accepting() {
    if (!acceptor_) return;
    ensure_outside();
    on(*workers_.front(), [this] {
      error_code ignored;
      acceptor_->close(ignored);
      retry_->cancel();
    });
    for (auto& each : workers_) on(*each, [&each] { each->drain(); });
  }

  bool stop(milliseconds grace) {
    if (!acceptor_) return true;
    stop_accepting();
    {
      std::unique_lock lock{counts_->mutex};
      counts_->emptied.wait_for(lock, grace, [this] { return counts_->connections == 0; });
    }
    std::size_t cut = 0;
    for (auto& each : workers_) cut += each->stop();
    acceptor_.reset();
    retry_.reset();
    return cut == 0;
  }

  [[nodiscard]] const load& counts() const { return *counts_; }

 private:
  const server_options options_;
  const handler handle_;
  const std::shared_ptr<load> counts_ = std::make_shared<load>();
  std::vector<std::unique_ptr<worker>> workers_;
  std::optional<tcp::acceptor> acceptor_;  ///< on the first worker's thread, once started
  std::optional<net::steady_timer> retry_;
  std::size_t next_worker_ = 0;

  bool listen(const tcp::endpoint& end, error_code& ec) {
    return !acceptor_->open(end.protocol(), ec) && !acceptor_->set_option(tcp::acceptor::reuse_address(true), ec) &&
           !acceptor_->bind(end, ec) && !acceptor_->listen(net::socket_base::max_listen_connections, ec);
  }

  void accept() {
    worker& next = *workers_[next_worker_++ % workers_.size()];
    acceptor_->async_accept(next.context(), [this, &next](const error_code& ec, tcp_socket peer) {
      if (!acceptor_->is_open()) return;
      if (ec) return accept_later();
      welcome(next, std::move(peer));
      accept();
    });
  }

  void accept_later() {
    retry_->expires_after(accept_pause);
    retry_->async_wait([this](const error_code& ec) {
      if (!ec && acceptor_->is_open()) accept();
    });
  }

  void welcome(worker& next, tcp_socket peer) {
    if (counts_->connections >= options_.connections_max) return turn_away(peer);
    ++counts_->connections;
    if (next.is_here()) return next.adopt(std::move(peer));
    net::post(next.context(), [&next, peer = std::move(peer)]() mutable { next.adopt(std::move(peer)); });
  }

  void ensure_outside() const {
    for (const auto& each : workers_) ensure(!each->is_here(), "a server is not stopped from its own I/O thread");
  }

  /// Runs a step on the worker's thread and waits for it.
  template <class Step>
  static void on(worker& there, Step step) {
    std::promise<void> done;
    net::post(there.context(), [&] {
      step();
      done.set_value();
    });
    done.get_future().wait();
  }
};

server::server(server_options options, handler handle)
    : impl_(std::make_unique<impl>(std::move(options), std::move(handle))) {}
server::~server() { impl_->stop(milliseconds{0}); }
result<std::uint16_t> server::start() { return impl_->start(); }
void server::stop_accepting() { impl_->stop_accepting(); }
bool server::stop(milliseconds grace) { return impl_->stop(grace); }
std::size_t server::connections() const { return impl_->counts().connections; }
std::size_t server::requests_in_flight() const { return impl_->counts().in_flight; }
std::size_t server::streams() const { return impl_->counts().streams; }

}  // namespace musiccorp::http

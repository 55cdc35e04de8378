#include "http/mailbox.hpp"

#include <utility>

#include "http/problem.hpp"

namespace musiccorp::http {
namespace {

class live_exchange final : public exchange {
 public:
  live_exchange(std::shared_ptr<mailbox> home, connection_id connection, session::turn_number turn,
                const server_options& options)
      : home_(std::move(home)),
        connection_(connection),
        turn_(turn),
        streams_max_(options.streams_max),
        queue_max_(options.stream_queue_max) {
    ++home_->counts().in_flight;
  }

  ~live_exchange() override {
    if (state_ == state::waiting) respond(problem_reply(503, "nobody answered this request"));
    if (state_ != state::streaming) return;
    --home_->counts().streams;
    home_->send({connection_, turn_, parcel::order::end, {}, {}, {}, {}});
  }

  void label(route_label route) override { route_ = route; }

  void respond(reply answer) override {
    if (!leave_waiting(state::answered)) return;
    home_->send({connection_, turn_, parcel::order::answer, route_, std::move(answer), {}, {}});
  }

  [[nodiscard]] bool open_stream(std::string content_type) override {
    if (++home_->counts().streams > streams_max_) {
      --home_->counts().streams;
      respond(problem_reply(503, "too many open streams"));
      return false;
    }
    if (!leave_waiting(state::opening)) {
      --home_->counts().streams;
      return false;
    }
    gauge_ = std::make_shared<stream_gauge>();
    state_ = state::streaming;
    home_->send(
        {connection_, turn_, parcel::order::open, route_, {200, std::move(content_type), {}, {}}, {}, gauge_});
    return true;
  }

  [[nodiscard]] bool push(std::string text) override {
    if (gone()) return false;
    const auto size = text.size();
    if (gauge_->queued.fetch_add(size) + size > queue_max_) {
      gauge_->queued -= size;
      return false;
    }
    home_->send({connection_, turn_, parcel::order::push, {}, {}, std::move(text), {}});
    return true;
  }

  [[nodiscard]] bool gone() const override { return state_ != state::streaming || gauge_->gone; }

 private:
  enum class state : std::uint8_t { waiting, answered, opening, streaming };

  bool leave_waiting(state next) {
    auto expected = state::waiting;
    if (!state_.compare_exchange_strong(expected, next)) return false;
    --home_->counts().in_flight;
    return true;
  }

  const std::shared_ptr<mailbox> home_;
  const connection_id connection_;
  const session::turn_number turn_;
  const std::size_t streams_max_, queue_max_;
  route_label route_;
  std::atomic<state> state_{state::waiting};
  std::shared_ptr<stream_gauge> gauge_;  ///< set before `state_` says streaming
};

}  // namespace

void mailbox::send(parcel&& what) {
  // Only one's own id can be read here as one's own, so the two plain members behind it are read by their writer
  // alone.
  if (serving_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id() && serving_ == what.connection)
    return receiver_->deliver(std::move(what));
  const std::lock_guard lock{mutex_};
  if (!open_) return;
  parcels_.push_back(std::move(what));
  if (parcels_.size() == 1) wake_();
}

std::vector<parcel> mailbox::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(parcels_, {});
}

void mailbox::close() {
  const std::lock_guard lock{mutex_};
  open_ = false;
  parcels_.clear();
}

void mailbox::serve(connection_id connection, parcel_receiver* receiver) {
  serving_ = connection;
  receiver_ = receiver;
  serving_thread_.store(receiver ? std::this_thread::get_id() : std::thread::id{}, std::memory_order_relaxed);
}

std::shared_ptr<exchange> make_exchange(std::shared_ptr<mailbox> home, connection_id connection,
                                        session::turn_number turn, const server_options& options) {
  return std::make_shared<live_exchange>(std::move(home), connection, turn, options);
}

}  // namespace musiccorp::http

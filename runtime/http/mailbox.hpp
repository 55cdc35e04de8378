#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/exchange.hpp"
#include "http/server.hpp"
#include "http/session.hpp"

/// Internal to the room: the way from an exchange, on any thread, to the connection that waits for it.
namespace musiccorp::http {

using connection_id = std::uint64_t;

/// Counts that exchanges share with the server, whichever lives longer.
struct load {
  std::atomic<std::size_t> connections{0}, in_flight{0}, streams{0};
  std::mutex mutex;
  std::condition_variable emptied;  ///< notified when `connections` falls to 0
};

/// What an exchange has to tell its connection.
struct parcel {
  enum class order : std::uint8_t { answer, open, push, end };
  connection_id connection = 0;
  session::turn_number turn = 0;
  order what = order::answer;
  route_label route{};
  reply answer{};      ///< for `open` only its content type counts
  std::string text{};  ///< for `push`
  std::shared_ptr<stream_gauge> gauge{};
};

class parcel_receiver {
 public:
  virtual ~parcel_receiver() = default;
  virtual void deliver(parcel&& what) = 0;
};

/// The door of one I/O thread; outlives it. Parcels that arrive together cost one wake-up.
class mailbox {
 public:
  /// `wake` makes the I/O thread call `take` soon; it is called from any thread until `close`.
  mailbox(std::shared_ptr<load> counts, std::function<void()> wake)
      : counts_(std::move(counts)), wake_(std::move(wake)) {}

  /// Delivered at once when this thread is just running that connection's handler; dropped when the door is closed.
  void send(parcel&& what);
  [[nodiscard]] std::vector<parcel> take();
  void close();

  /// By the I/O thread only: whose handler is running now; nobody's when `receiver` is null.
  void serve(connection_id connection, parcel_receiver* receiver);

  [[nodiscard]] load& counts() { return *counts_; }

 private:
  const std::shared_ptr<load> counts_;
  std::mutex mutex_;
  std::function<void()> wake_;
  bool open_ = true;
  std::vector<parcel> parcels_;

  std::atomic<std::thread::id> serving_thread_{};
  connection_id serving_ = 0;
  parcel_receiver* receiver_ = nullptr;
};

/// An exchange for this turn of this connection. It counts as a request in flight until it is answered.
[[nodiscard]] std::shared_ptr<exchange> make_exchange(std::shared_ptr<mailbox> home, connection_id connection,
                                                      session::turn_number turn, const server_options& options);

}  // namespace musiccorp::http

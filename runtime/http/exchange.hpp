#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace musiccorp::http {

/// Which route a request took, for the access observer. `pattern` must live as long as the server's handler.
struct route_label {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t index = none;
  std::string_view pattern{};
};

/// The way back to the client of one request. It may be kept, passed on and used from any thread, also after its
/// client or its server is gone: then everything is quietly refused.
///
/// Legal calls:  label? (respond | open_stream push* (release))   Whoever lets go of an exchange that nobody answered
/// answers 503 by it; letting go of an open stream ends the stream.
class exchange {
 public:
  exchange() = default;
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  virtual ~exchange() = default;

  /// For the access observer only. Before the answer, by the thread that answers.
  virtual void label(route_label route) = 0;
  /// The first answer counts; later ones are dropped.
  virtual void respond(reply answer) = 0;
  /// Makes the answer an endless one, server-sent events by default. False when it was answered before, or when there
  /// are too many streams (then the client got 503).
  [[nodiscard]] virtual bool open_stream(std::string content_type = "text/event-stream") = 0;
  /// Queues text for an open stream. False, and the text is dropped: the client is gone or its queue is full.
  [[nodiscard]] virtual bool push(std::string text) = 0;
  /// Has the client of the open stream left? Known at once, not only at the next push.
  [[nodiscard]] virtual bool gone() const = 0;
};

/// One server-sent event (WHATWG HTML, 9.2), any line breaks in `data` kept. Empty `name` and `id` are left out.
[[nodiscard]] std::string event_text(std::string_view name, std::string_view data, std::string_view id = {});

}  // namespace musiccorp::http

#include "service/managed_actor.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <thread>

#include "supervision/exception_text.hpp"
#include "telemetry/log.hpp"

#ifdef __SANITIZE_THREAD__
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#define MUSICCORP_TSAN(edge) __tsan_##edge(this)
#else
#define MUSICCORP_TSAN(edge) static_cast<void>(0)
#endif

namespace musiccorp::service {
namespace {

const telemetry::logger log{"service"};

}  // namespace

managed_actor::managed_actor(caf::actor_config& config, std::shared_ptr<mailbox_state> mailbox)
    : event_based_actor{config}, mailbox_{std::move(mailbox)} {
  // CAF's own defaults print to stdout, and end the actor that a mailed-back error reaches.
  set_default_handler([](caf::scheduled_actor* self, caf::message_view& view) -> caf::result<caf::message> {
    const auto content = view.move_content_to_message();
    // CAF hands over an empty message when it could not read one from another node.
    static_cast<managed_actor*>(self)->unexpected(content.empty() ? std::nullopt
                                                                  : std::optional{caf::to_string(content)});
    return caf::sec::unexpected_message;
  });
  set_error_handler([](caf::scheduled_actor* self, caf::error& error) {
    log.warn("error-message", {{"actor", self->name()}, {"error", self->system().render(error)}});
  });
}

void managed_actor::enqueue(caf::mailbox_element_ptr element, caf::execution_unit* host) {
  if (!is_bounded(*element)) return put(std::move(element), host);
  const auto size = weight(*element);
  if (!mailbox_->enter(size)) return refuse(*element, refusal::full, host);
  // Counted first, then looked: the end waits for everybody who was counted before it closed.
  if (closed_) {
    mailbox_->withdraw(size);
    return refuse(*element, refusal::closed, host);
  }
  put(std::move(element), host);
}

void managed_actor::put(caf::mailbox_element_ptr element, caf::execution_unit* host) {
  MUSICCORP_TSAN(release);  // The last moment at which this thread owns the message.
  event_based_actor::enqueue(std::move(element), host);
}

caf::invoke_message_result managed_actor::consume(caf::mailbox_element& element) {
  MUSICCORP_TSAN(acquire);
  if (is_bounded(element)) handled_ = place{*this, weight(element)};
  try {
    const auto said = event_based_actor::consume(element);
    if (said == caf::invoke_message_result::skipped) handled_.stay_in_the_queue();
    handled_ = {};
    MUSICCORP_TSAN(release);  // Not only after resume(): once it sleeps, another thread may wake it before that.
    return said;
  } catch (...) {
    handled_ = {};
    crashed(element, std::current_exception());
    return caf::invoke_message_result::consumed;
  }
}

/// Called by CAF for each element that is left.
struct managed_actor::drain {
  managed_actor& self;
  const caf::error& reason;
  caf::execution_unit* host;

  caf::intrusive::task_result take(caf::mailbox_element& element) {
    if (self.is_bounded(element)) {
      const auto size = self.weight(element);
      self.refuse(element, refusal::closed, host);
      self.mailbox_->leave(size);
    } else {
      caf::detail::sync_request_bouncer{reason}(element);
    }
    return caf::intrusive::task_result::resume;
  }
  template <class Queue>
  caf::intrusive::task_result operator()(std::size_t, Queue&, caf::mailbox_element& element) {
    return take(element);
  }
  template <class Queue, class Slot, class Inner>
  caf::intrusive::task_result operator()(std::size_t, Queue&, Slot, Inner&, caf::mailbox_element& element) {
    return take(element);
  }
};

/// Ends when everybody who was counted in before the mailbox closed has also put their message into it. What the
/// actor has taken and still holds is answered in its on_exit().
void managed_actor::refuse_the_rest(const caf::error& reason, caf::execution_unit* host) {
  drain rest{*this, reason, host};
  get_normal_queue().flush_cache();
  get_urgent_queue().flush_cache();
  for (;;) {
    while (mailbox().new_round(1000, rest).consumed_items > 0) {
    }
    if (mailbox_->accepted == mailbox_->finished + placed_) return;
    std::this_thread::yield();
  }
}

bool managed_actor::cleanup(caf::error&& reason, caf::execution_unit* host) {
  MUSICCORP_TSAN(acquire);
  if (!closed_.exchange(true)) refuse_the_rest(reason, host);
  return event_based_actor::cleanup(std::move(reason), host);
}

#ifdef __SANITIZE_THREAD__
void managed_actor::initialize() {
  event_based_actor::initialize();
  MUSICCORP_TSAN(release);
}

caf::resumable::resume_result managed_actor::resume(caf::execution_unit* host, std::size_t throughput) {
  MUSICCORP_TSAN(acquire);
  const auto result = event_based_actor::resume(host, throughput);
  MUSICCORP_TSAN(release);
  return result;
}
#endif

bool managed_actor::is_bounded(const caf::mailbox_element& element) const {
  if (element.mid.is_response() || element.mid.is_stream_message()) return false;
  switch (element.content().type_token()) {
    case caf::make_type_token<caf::exit_msg>():
    case caf::make_type_token<caf::down_msg>():
    case caf::make_type_token<caf::error>():
    case caf::make_type_token<caf::timeout_msg>():
    case caf::make_type_token<caf::open_stream_msg>():
      return false;
    default:
      return true;
  }
}

std::uint64_t managed_actor::weight(const caf::mailbox_element&) const { return 0; }

void managed_actor::unexpected(const std::optional<std::string>& what) {
  log.warn("unexpected-message", {{"actor", name()}, {"message", what.value_or("(undecodable)")}});
}

void managed_actor::refuse(caf::mailbox_element& element, refusal, caf::execution_unit* host) {
  if (element.mid.is_request() && element.sender)
    element.sender->enqueue(nullptr, element.mid.response_id(),
                            caf::make_message(caf::make_error(caf::sec::request_receiver_down)), host);
  else
    log.warn("message-refused", {{"actor", name()}});
}

void managed_actor::crashed(caf::mailbox_element& element, std::exception_ptr why) {
  log.error("handler-crashed", {{"actor", name()}, {"error", supervision::text_of(why)}});
  if (element.mid.is_request() && element.sender)
    element.sender->enqueue(nullptr, element.mid.response_id(),
                            caf::make_message(caf::make_error(caf::sec::runtime_error)), context());
}

}  // namespace musiccorp::service

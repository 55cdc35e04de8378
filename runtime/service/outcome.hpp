#pragma once

#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "describe/json.hpp"
#include "request/reply.hpp"

namespace musiccorp::service {

/// Handled; nothing to say to whoever asked (an asker gets an empty answer).
struct done {};

/// Not now. Not charged as an attempt; followers of the key wait with it. `not_yet{"text", 50ms}` tries again when
/// the wait is over; `not_yet::until<order>(id, "text")` when a turn of this service has written that entity, and not
/// before. Who says it for longer than `deadline` dies with reason `expired`.
struct not_yet {
  std::string text;
  base::duration wait{std::chrono::milliseconds{100}};
  std::string entity_type{};  ///< with `entity_key`: wakes it when written, even before `wait`; empty: only time does
  std::string entity_key{};
  base::duration deadline{};  ///< since it was said first; zero: the service's own (`deferral_longest`)

  template <describe::described E>
  [[nodiscard]] static not_yet until(std::string_view key, std::string text, base::duration deadline = {}) {
    return {std::move(text), {}, std::string{describe::name_of<E>()}, std::string{key}, deadline};
  }
  [[nodiscard]] bool waits_for_entity() const { return !entity_type.empty(); }
};

using request::answer;

/// What a rule returns: `return order_summary{...};` is an answer, `return rejected{...};` a business no,
/// `return fault{...};` trouble (the kind decides about a retry), `return done{};` or `return not_yet{...};`.
class outcome {
 public:
  outcome(done what = {}) : value_{what} {}
  outcome(not_yet what) : value_{std::move(what)} {}
  outcome(answer what) : value_{std::move(what)} {}
  outcome(base::rejected what) : value_{std::move(what)} {}
  outcome(base::fault what) : value_{std::move(what)} {}
  template <describe::described T>
  outcome(const T& what)
      : value_{answer{std::string{describe::name_of<T>()}, describe::version_of<T>(), describe::key_of(what),
                      describe::to_json(what)}} {}

  template <class T>
  [[nodiscard]] const T* is() const {
    return std::get_if<T>(&value_);
  }
  /// The answer read back as T; for tests of rules. Throws std::bad_variant_access when it is no answer.
  template <describe::described T>
  [[nodiscard]] T as() const {
    return describe::from_json<T>(std::get<answer>(value_).payload).value();
  }
  [[nodiscard]] const auto& value() const { return value_; }

 private:
  std::variant<done, not_yet, answer, base::rejected, base::fault> value_;
};

}  // namespace musiccorp::service

namespace musiccorp {
using service::done;
using service::not_yet;
using service::outcome;
}  // namespace musiccorp

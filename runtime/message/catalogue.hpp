#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "describe/json.hpp"
#include "describe/personal.hpp"
#include "message/envelope.hpp"

namespace musiccorp::message {

/// An older payload turned into the next version's: pure, tested on golden examples.
using upcaster = std::function<result<std::string>(std::string_view payload)>;

struct catalogued_type {
  std::string name;
  int version = 1;
  const describe::shape* shape = nullptr;
  std::map<int, upcaster> upcasters;  ///< from this version to the next
  /// Reads the payload into the C++ type and writes it again: what a reader of this program makes of it.
  std::function<result<std::string>(std::string_view payload)> round_trip;
  /// The same with personal data redacted. fault{invalid} with JSON pointers when the payload is not of this type.
  std::function<result<std::string>(std::string_view payload)> redacted;
  /// The personal data in it, to keep it out of texts.
  std::function<result<std::vector<describe::personal_value>>(std::string_view payload)> personal;
};

/// Every message type that this program knows, by name. Filled once at start, then read by any thread.
class catalogue {
 public:
  template <describe::described T>
  catalogue& add() {
    return add({std::string{describe::name_of<T>()},
                describe::version_of<T>(),
                &describe::shape_of<T>(),
                {},
                [](std::string_view payload) {
                  return describe::from_json<T>(payload).map([](const T& value) { return describe::to_json(value); });
                },
                [](std::string_view payload) {
                  return describe::from_json<T>(payload).map(
                      [](const T& value) { return describe::to_json(value, describe::personal_data::redact); });
                },
                [](std::string_view payload) {
                  return describe::from_json<T>(payload).map(
                      [](const T& value) { return describe::personal_values(value); });
                }});
  }
  catalogue& add(catalogued_type type);
  /// Everything that the other one knows. A type that both know is one type.
  catalogue& add_all(const catalogue& other);
  /// Registers how a payload of `from_version` becomes one of the next version.
  catalogue& upcast(std::string_view type, int from_version, upcaster change);

  [[nodiscard]] const catalogued_type* find(std::string_view type) const;
  [[nodiscard]] std::vector<const catalogued_type*> all() const;

  /// Brings the payload to the version that this program knows. fault{schema} for an unknown type, a newer version,
  /// or a missing upcaster; fault{invalid} when an upcaster refuses the payload, fault{crash} when it throws.
  [[nodiscard]] result<void> bring_up_to_date(envelope& message) const;

 private:
  std::map<std::string, catalogued_type, std::less<>> types_;
};

}  // namespace musiccorp::message

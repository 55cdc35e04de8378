#pragma once

#include <typeinfo>

#include "describe/describe.hpp"

namespace musiccorp::service {

/// An entity that a rule saves right now, as the struct that it still is. Not kept: it ends with the call.
class saved_entity {
 public:
  template <describe::described E>
  explicit saved_entity(const E& entity) : type_{typeid(E)}, entity_{&entity} {}

  /// Null: it is of another type.
  template <describe::described E>
  [[nodiscard]] const E* as() const {
    return type_ == typeid(E) ? static_cast<const E*>(entity_) : nullptr;
  }

 private:
  const std::type_info& type_;
  const void* entity_;
};

}  // namespace musiccorp::service

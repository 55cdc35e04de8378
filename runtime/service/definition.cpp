#include "service/definition.hpp"

#include <algorithm>

namespace musiccorp::service {

const handler* service_definition::find(std::string_view type) const {
  const auto found =
      std::find_if(handlers_.begin(), handlers_.end(), [&](const auto& one) { return one.type == type; });
  return found == handlers_.end() ? nullptr : &*found;
}

bool service_definition::says_type(std::string_view type) const {
  return std::find(says_.begin(), says_.end(), type) != says_.end();
}

void service_definition::add(handler made) {
  ensure(!find(made.type), name_ + " has two rules for " + made.type);
  handlers_.push_back(std::move(made));
}

service_definition& service_definition::add_route(route made) {
  ensure(find(made.type), name_ + " has a route for " + made.type + " but no rule");
  routes_.push_back(std::move(made));
  return *this;
}

}  // namespace musiccorp::service

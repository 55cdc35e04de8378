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

service_definition service_definition::as_partition(std::uint32_t index, std::uint32_t count) const {
  ensure(count == 1 || (is_by_key_ && count <= delivery::key_slots && !first_start_),
         service_ + " can't have " + std::to_string(count) + " partitions");
  ensure(index < count, "a partition is one of its service's");
  auto made = *this;
  made.name_ = count == 1 ? service_ : service_ + "/" + std::to_string(index);
  made.share_.index = index;
  made.share_.partitions = count;
  return made;
}

std::string service_definition::store_name() const {
  auto made = name_;
  std::replace(made.begin(), made.end(), '/', '-');
  return made;
}

void service_definition::add(handler made) {
  ensure(!find(made.type), name_ + " has two rules for " + made.type);
  handlers_.push_back(std::move(made));
}

service_definition& service_definition::refuses(std::initializer_list<int> statuses) {
  ensure(!routes_.empty(), name_ + " refuses without a route");
  routes_.back().refusals = statuses;
  return *this;
}

service_definition& service_definition::add_route(route made) {
  ensure(find(made.type), name_ + " has a route for " + made.type + " but no rule");
  routes_.push_back(std::move(made));
  return *this;
}

}  // namespace musiccorp::service

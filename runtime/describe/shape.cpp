#include "describe/shape.hpp"

namespace musiccorp::describe {

std::string key_of(const shape& type, const void* value) {
  for (const auto& field : type.fields) {
    if (!field.is_key) continue;
    const auto& member = field.of();
    const void* address = at(field, value);
    if (member.what == form::text) return std::string{member.get_text(address)};
    if (member.what == form::integer) return std::to_string(member.get_integer(address));
  }
  return {};
}

}  // namespace musiccorp::describe

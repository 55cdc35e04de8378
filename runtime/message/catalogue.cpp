#include "message/catalogue.hpp"

#include <exception>

#include "base/ensure.hpp"

namespace musiccorp::message {
namespace {

/// An upcaster that throws is a bug of ours and this message's trouble, not the end of whoever reads it.
result<std::string> changed(const envelope& message, const upcaster& change) {
  const auto crashed = [&](std::string_view what) {
    return failure(fault_kind::crash,
                   message.type + " version " + std::to_string(message.version) + ", upcaster: " + std::string{what});
  };
  try {
    return change(message.payload);
  } catch (const std::exception& crash) {
    return crashed(crash.what());
  } catch (...) {
    return crashed("an exception of unknown type");
  }
}

}  // namespace

catalogue& catalogue::add(catalogued_type type) {
  ensure(type.version >= 1, "a message version starts at 1");
  const auto [place, added] = types_.try_emplace(type.name, type);
  ensure(added || place->second.shape == type.shape, "two message types share the name " + type.name);
  return *this;
}

catalogue& catalogue::add_all(const catalogue& other) {
  for (const auto& [name, type] : other.types_) {
    add(type);
    types_.find(name)->second.upcasters.insert(type.upcasters.begin(), type.upcasters.end());
  }
  return *this;
}

catalogue& catalogue::upcast(std::string_view type, int from_version, upcaster change) {
  const auto found = types_.find(type);
  ensure(found != types_.end(), "an upcaster needs its type in the catalogue first");
  found->second.upcasters.insert_or_assign(from_version, std::move(change));
  return *this;
}

const catalogued_type* catalogue::find(std::string_view type) const {
  const auto found = types_.find(type);
  return found == types_.end() ? nullptr : &found->second;
}

std::vector<const catalogued_type*> catalogue::all() const {
  std::vector<const catalogued_type*> list;
  for (const auto& [name, type] : types_) list.push_back(&type);
  return list;
}

result<void> catalogue::bring_up_to_date(envelope& message) const {
  const auto* known = find(message.type);
  if (!known) return failure(fault_kind::schema, "unknown message type " + message.type);
  if (message.version > known->version || message.version < 1)
    return failure(fault_kind::schema, message.type + " has version " + std::to_string(message.version) +
                                           ", this program knows up to " + std::to_string(known->version));
  while (message.version < known->version) {
    const auto change = known->upcasters.find(message.version);
    if (change == known->upcasters.end())
      return failure(fault_kind::schema, message.type + " version " + std::to_string(message.version) +
                                             " has no upcaster to the next version");
    auto newer = changed(message, change->second);
    if (!newer) return failure(std::move(newer.error()));
    message.payload = std::move(*newer);
    ++message.version;
  }
  return {};
}

}  // namespace musiccorp::message

#include "service/objection.hpp"

#include "describe/findings.hpp"

namespace musiccorp::service {

void add_finding(base::rejected& no, const message::catalogue& types, const message::envelope& message) {
  if (no.pointer.empty() || !no.found.empty()) return;
  const auto* type = types.find(message.type);
  if (!type || describe::shown_at(message.payload, no.pointer).empty()) return;
  if (const auto masked = type->redacted(message.payload)) no.found = describe::shown_at(*masked, no.pointer);
}

}  // namespace musiccorp::service

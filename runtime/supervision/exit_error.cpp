#include "supervision/exit_error.hpp"

#include <caf/all.hpp>

#include "supervision/exception_text.hpp"

namespace musiccorp::supervision {
namespace {

constexpr auto category = caf::atom("supervise");

std::string text_of(const caf::error& why) {
  if (!why.context().empty() && why.context().match_element<std::string>(0))
    return why.context().get_as<std::string>(0);
  if (why.category() == caf::atom("exit")) return "CAF: " + to_string(static_cast<caf::exit_reason>(why.code()));
  if (why.category() == caf::atom("system")) return "CAF: " + to_string(static_cast<caf::sec>(why.code()));
  return caf::to_string(why);
}

end_kind kind_of(const caf::error& why) {
  if (!why) return end_kind::normal;
  if (why.category() == category) return static_cast<end_kind>(why.code() - 1);
  if (why.category() != caf::atom("exit")) return end_kind::crash;
  switch (static_cast<caf::exit_reason>(why.code())) {
    case caf::exit_reason::normal:
      return end_kind::normal;
    case caf::exit_reason::user_shutdown:
      return end_kind::shutdown;
    case caf::exit_reason::kill:
      return end_kind::killed;
    default:
      return end_kind::crash;
  }
}

}  // namespace

caf::error to_error(const end_reason& why) {
  if (why.kind == end_kind::normal && why.text.empty()) return {};
  // Codes begin at 1, because CAF takes 0 for no error.
  return {static_cast<std::uint8_t>(static_cast<std::uint8_t>(why.kind) + 1), category,
          caf::make_message(why.text, why.backtrace)};
}

end_reason to_reason(const caf::error& why) {
  end_reason told{kind_of(why), {}, {}};
  if (!why) return told;
  if (why.category() == category) {
    told.text = why.context().get_as<std::string>(0);
    told.backtrace = why.context().get_as<std::string>(1);
  } else if (!is_ordinary(told.kind) || !why.context().empty()) {
    told.text = text_of(why);
  }
  return told;
}

void tell_crashes(caf::scheduled_actor& self) {
  self.set_exception_handler([](std::exception_ptr& thrown) { return to_error(crash_from(thrown)); });
}

}  // namespace musiccorp::supervision

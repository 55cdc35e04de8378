#include "supervision/exception_text.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <typeinfo>
#include <utility>

#include "supervision/throw_trace.hpp"

namespace musiccorp::supervision {
namespace {

std::string name_of_current_exception() {
  const auto* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "an exception of unknown type";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                    std::free};
  return std::string{"an exception of type "} + (status == 0 ? name.get() : type->name());
}

std::string said_by(const std::exception& thrown) {
  const char* said = thrown.what();
  return said == nullptr || *said == '\0' ? name_of_current_exception() : said;
}

std::string told(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& known) {
    return said_by(known);
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text == nullptr ? "a null text" : text;
  } catch (...) {
    return name_of_current_exception();
  }
}

}  // namespace

std::string text_of(const std::exception_ptr& thrown) noexcept {
  if (!thrown) return "no exception";
  try {
    return told(thrown);
  } catch (...) {
    return "out of memory";  // Short enough to need none.
  }
}

end_reason crash_from(const std::exception_ptr& thrown) {
  auto trace = to_text(last_throw());  // Before text_of() throws it once more.
  return {end_kind::crash, text_of(thrown), std::move(trace)};
}

}  // namespace musiccorp::supervision

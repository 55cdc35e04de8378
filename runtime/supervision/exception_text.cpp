#include "supervision/exception_text.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <typeinfo>
#include <utility>

#include "supervision/throw_trace.hpp"

namespace musiccorp::supervision {
namespace {

std::string name_of(const std::type_info* type) {
  if (type == nullptr) return "an exception of unknown type";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                    std::free};
  return std::string{"an exception of type "} + (status == 0 ? name.get() : type->name());
}

std::string said_by(const std::exception& thrown) {
  if (dynamic_cast<const std::bad_alloc*>(&thrown) != nullptr) return "out of memory";
  const char* said = thrown.what();
  return said == nullptr || *said == '\0' ? name_of(&typeid(thrown)) : said;
}

/// The std::exception in there without throwing it once more, which costs more than all else that follows a crash.
/// Nothing when there is none, or this library does not tell.
const std::exception* seen_in(const std::exception_ptr& thrown) noexcept {
#ifdef __GLIBCXX__
  // It points to the exception object, and type infos know how a handler would see that; exception_ptr_cast (P2927)
  // of later libraries does the same.
  void* object = nullptr;
  static_assert(sizeof thrown == sizeof object);
  std::memcpy(&object, &thrown, sizeof object);
  if (typeid(std::exception).__do_catch(thrown.__cxa_exception_type(), &object, 1))
    return static_cast<const std::exception*>(object);
#endif
  return nullptr;
}

/// Cut where a character of UTF-8 begins.
std::string bounded(std::string text) {
  if (text.size() <= text_bytes_max) return text;
  auto end = text_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  const auto left_out = text.size() - end;
  text.resize(end);
  return text + "... (" + std::to_string(left_out) + " bytes more)";
}

std::string told(const std::exception_ptr& thrown) {
  if (const auto* known = seen_in(thrown)) return said_by(*known);
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& known) {
    return said_by(known);
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text == nullptr ? "a null text" : text;
  } catch (...) {
    return name_of(abi::__cxa_current_exception_type());
  }
}

}  // namespace

std::string text_of(const std::exception_ptr& thrown) noexcept {
  if (!thrown) return "no exception";
  try {
    return bounded(told(thrown));
  } catch (...) {
    return "out of memory";  // Short enough to need none.
  }
}

end_reason crash_from(const std::exception_ptr& thrown) {
  auto trace = to_text(last_throw());  // Before text_of() throws it once more.
  return {end_kind::crash, text_of(thrown), std::move(trace)};
}

}  // namespace musiccorp::supervision

#pragma once

#include <exception>
#include <string>

#include "supervision/end_reason.hpp"

namespace musiccorp::supervision {

/// What an exception says, for a person. Never throws: exceptions that are no std::exception, or whose what()
/// says nothing, and an exhausted memory are told as such. (A what() that throws can't be survived by anybody: it is
/// noexcept, so the language ends the process, and the process's supervisor acts.)
[[nodiscard]] std::string text_of(const std::exception_ptr& thrown) noexcept;

/// The same as a reason to end, with the backtrace of the throw; to be called in the handler.
[[nodiscard]] end_reason crash_from(const std::exception_ptr& thrown);

}  // namespace musiccorp::supervision

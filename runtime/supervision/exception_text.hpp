#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include "supervision/end_reason.hpp"

namespace musiccorp::supervision {

/// Of what an exception says, no more than this is told; the rest is replaced by how much it was. Texts are kept with
/// each cause and attempt, logged and shown.
inline constexpr std::size_t text_bytes_max = 4096;

/// What an exception says, for a person. Never throws: exceptions that are no std::exception, or whose what()
/// says nothing, and an exhausted memory are told as such. (A what() that throws can't be survived by anybody: it is
/// noexcept, so the language ends the process, and the process's supervisor acts.)
[[nodiscard]] std::string text_of(const std::exception_ptr& thrown) noexcept;

/// The same as a reason to end, with the backtrace of the throw; to be called in the handler.
[[nodiscard]] end_reason crash_from(const std::exception_ptr& thrown);

}  // namespace musiccorp::supervision

#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "describe/shape.hpp"

/// The words of the reader's problems, apart from the reading.
namespace musiccorp::describe {

/// "an integer", "a text", "one of pending, paid".
[[nodiscard]] std::string wanted(const shape& type);
/// "at least 1", "between 3 and 80 bytes", "at most 10 items".
[[nodiscard]] std::string wanted(const shape& type, const bounds& limits);
/// One step of a JSON pointer (RFC 6901) with its slash; overlong names are cut.
void append_step(std::string& pointer, std::string_view name);
/// The text as JSON, cut to some 40 bytes.
[[nodiscard]] std::string shown(std::string_view text);
/// What stands at this place of a JSON document, as JSON cut to some 40 bytes; empty when nothing does.
[[nodiscard]] std::string shown_at(std::string_view json, const std::string& pointer);
/// "an unknown field" wants: "one of the known fields; did you mean quantity?"
[[nodiscard]] std::string wanted_field(const shape& object, std::string_view name);
/// fault{invalid} that tells the first problem in its text.
[[nodiscard]] fault refusal(std::vector<problem> problems);

}  // namespace musiccorp::describe

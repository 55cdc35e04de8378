#include <array>
#include <charconv>
#include <cmath>

#include "describe/json.hpp"
#include "describe/utf8.hpp"

namespace musiccorp::describe {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// What to write instead of a byte: 0 means the byte itself, 'u' a \u00XX escape, 'x' a byte of a longer UTF-8
/// sequence.
constexpr auto escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  for (std::size_t c = 0x80; c < 0x100; ++c) table[c] = 'x';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

void write_integer(std::string& out, const shape& type, std::int64_t value) {
  std::array<char, 24> digits;
  const bool above_signed = value < 0 && type.range.minimum >= 0;  // std::uint64_t above the largest int64
  const auto end =
      above_signed ? std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint64_t>(value))
                   : std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void write_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (value == 0 && std::signbit(value)) {  // "-0" would be read as an integer and lose its sign
    out += "-0.0";
    return;
  }
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void write_choice(std::string& out, const shape& type, std::int64_t index) {
  if (index < 0 || static_cast<std::size_t>(index) >= type.choices.size())
    out += "null";
  else
    write_json_text(out, type.choices[static_cast<std::size_t>(index)]);
}

/// As many stars as the limits allow, three if possible, so that the result can be read again.
void write_stars(std::string& out, const bounds& limits) {
  const auto least = std::max<std::int64_t>(limits.minimum, 3);
  out += '"';
  out.append(static_cast<std::size_t>(std::max<std::int64_t>(std::min(least, limits.maximum), 0)), '*');
  out += '"';
}

class writer {
 public:
  writer(std::string& out, personal_data personal) : out_(out), personal_(personal) {}

  void write(const shape& type, const void* value) {
    switch (type.what) {
      case form::boolean:
        out_ += type.get_boolean(value) ? "true" : "false";
        break;
      case form::integer:
        write_integer(out_, type, type.get_integer(value));
        break;
      case form::number:
        write_number(out_, type.get_number(value));
        break;
      case form::text:
        write_json_text(out_, type.get_text(value));
        break;
      case form::instant:
        write_json_text(out_, base::to_text(instant{duration{type.get_integer(value)}}));
        break;
      case form::choice:
        write_choice(out_, type, type.get_integer(value));
        break;
      case form::object:
        write_object(type, value, false);
        break;
      case form::list:
        write_list(type, value);
        break;
      case form::map:
        write_map(type, value);
        break;
      case form::optional:
        write_optional(type, value);
        break;
      case form::raw:
        write_raw(type.get_text(value));
        break;
    }
  }

 private:
  /// `secret`: the whole object is personal data.
  void write_object(const shape& type, const void* value, bool secret) {
    out_ += '{';
    bool first = true;
    for (const auto& field : type.fields) {
      const auto* member = &field.of();
      const void* address = at(field, value);
      while (address && member->what == form::optional) {
        address = member->peek(address);
        member = &member->element();
      }
      const bool hidden = secret || (field.is_pii && personal_ == personal_data::redact);
      if (!address || (hidden && field.may_be_missing && member->what != form::text)) continue;
      if (!first) out_ += ',';
      first = false;
      write_json_text(out_, field.name);
      out_ += ':';
      if (hidden)
        write_redacted(*member, address, field.limits);
      else
        write(*member, address);
    }
    out_ += '}';
  }

  void write_redacted(const shape& type, const void* value, const bounds& limits) {
    switch (type.what) {
      case form::text:
        write_stars(out_, limits);
        break;
      case form::object:
        write_object(type, value, true);
        break;
      case form::list:
        out_ += "[]";
        break;
      case form::map:
        out_ += "{}";
        break;
      default:
        out_ += "null";
        break;
    }
  }

  void write_list(const shape& type, const void* value) {
    const auto& element = type.element();
    const auto size = type.size(value);
    out_ += '[';
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) out_ += ',';
      write(element, type.item(value, i));
    }
    out_ += ']';
  }

  void write_map(const shape& type, const void* value) {
    struct context {
      writer& self;
      const shape& element;
      bool first = true;
    } entries{*this, type.element()};
    out_ += '{';
    type.each(value, &entries, [](void* passed, std::string_view name, const void* entry) {
      auto& [self, element, first] = *static_cast<context*>(passed);
      if (!first) self.out_ += ',';
      first = false;
      write_json_text(self.out_, name);
      self.out_ += ':';
      self.write(element, entry);
    });
    out_ += '}';
  }

  void write_optional(const shape& type, const void* value) {
    if (const void* held = type.peek(value))
      write(type.element(), held);
    else
      out_ += "null";
  }

  void write_raw(std::string_view text) { out_ += text.empty() ? std::string_view{"null"} : text; }

  std::string& out_;
  personal_data personal_;
};

}  // namespace

void write_json_text(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  std::size_t written = 0;  // text before this is in `out`
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = escapes[byte];
    const std::size_t length = escape == 'x' ? utf8_length(text, i) : std::size_t{escape == 0};
    if (length > 0) {
      i += length;
      continue;
    }
    out.append(text, written, i - written);
    if (escape == 'x')
      out += replacement;
    else if (escape == 'u')
      out.append("\\u00").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
    else
      out.append(1, '\\').append(1, escape);
    written = ++i;
  }
  out.append(text, written);
  out += '"';
}

void write_json(std::string& out, const shape& type, const void* value, personal_data personal) {
  writer{out, personal}.write(type, value);
}

}  // namespace musiccorp::describe

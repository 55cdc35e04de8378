#include "describe/personal.hpp"

#include "describe/findings.hpp"
#include "describe/json_scan.hpp"
#include "describe/json_transcript.hpp"

namespace musiccorp::describe {
namespace {

class collector {
 public:
  explicit collector(std::vector<personal_value>& found) : found_{found} {}

  void look(const shape& type, const void* value, const std::string& pointer, bool personal) {
    switch (type.what) {
      case form::object:
        for (const auto& field : type.fields)
          look(field.of(), at(field, value), step(pointer, field.name), personal || field.is_pii);
        break;
      case form::list:
        for (std::size_t i = 0; i < type.size(value); ++i)
          look(type.element(), type.item(value, i), step(pointer, std::to_string(i)), personal);
        break;
      case form::map:
        look_at_map(type, value, pointer, personal);
        break;
      case form::optional:
        if (const auto* inside = type.peek(value)) look(type.element(), inside, pointer, personal);
        break;
      default:
        if (personal) note(type, value, pointer);
        break;
    }
  }

 private:
  static std::string step(std::string pointer, std::string_view name) {
    append_step(pointer, name);
    return pointer;
  }

  void look_at_map(const shape& type, const void* value, const std::string& pointer, bool personal) {
    struct visitor {
      collector& self;
      const shape& element;
      const std::string& pointer;
      bool personal;
    } context{*this, type.element(), pointer, personal};
    type.each(value, &context, [](void* given, std::string_view name, const void* item) {
      auto& one = *static_cast<visitor*>(given);
      const auto place = step(one.pointer, name);
      if (one.personal) one.self.add(place, std::string{name});
      one.self.look(one.element, item, place, one.personal);
    });
  }

  void note(const shape& type, const void* value, const std::string& pointer) {
    if (type.what == form::text) add(pointer, std::string{type.get_text(value)});
    if (type.what == form::integer) add(pointer, digits{type.get_integer(value)}.text());
    if (type.what == form::number) add(pointer, digits{type.get_number(value)}.text());
    if (type.what == form::instant) add(pointer, base::to_text(instant{duration{type.get_integer(value)}}));
    if (type.what == form::choice) add(pointer, choice_text(type, type.get_integer(value)));
    if (type.what == form::raw)
      for (auto& text : texts_in(type.get_text(value))) add(pointer, std::move(text));
  }

  static std::string choice_text(const shape& type, std::int64_t index) {
    const auto place = static_cast<std::size_t>(index);
    return place < type.choices.size() ? std::string{type.choices[place]} : std::string{};
  }

  void add(const std::string& pointer, std::string text) {
    if (!text.empty()) found_.push_back({pointer, std::move(text)});
  }

  std::vector<personal_value>& found_;
};

struct text_listener {
  std::vector<std::string>& texts;

  static bool null() { return true; }
  static bool boolean(bool) { return true; }
  static bool integer(std::int64_t) { return true; }
  static bool unsigned_integer(std::uint64_t) { return true; }
  static bool number(double, std::string_view) { return true; }
  bool text(std::string_view value) {
    if (!value.empty()) texts.emplace_back(value);
    return true;
  }
  static bool key(std::string_view) { return true; }
  static bool open(char) { return true; }
  static bool close(char) { return true; }
  static bool too_large() { return true; }
  static bool broken(std::size_t, std::string_view, std::string_view) { return false; }
};

}  // namespace

std::vector<personal_value> personal_values(const shape& type, const void* value) {
  std::vector<personal_value> found;
  collector{found}.look(type, value, {}, false);
  return found;
}

std::vector<std::string> texts_in(std::string_view json) {
  std::vector<std::string> texts;
  text_listener listener{texts};
  json_scanner{json, listener}.run();
  return texts;
}

}  // namespace musiccorp::describe

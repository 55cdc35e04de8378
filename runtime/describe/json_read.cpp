#include <bitset>
#include <utility>

#include "base/ensure.hpp"
#include "describe/findings.hpp"
#include "describe/json.hpp"
#include "describe/json_scan.hpp"
#include "describe/json_transcript.hpp"

namespace musiccorp::describe {
namespace {

constexpr std::size_t fields_max = 128;
constexpr bounds no_limits{};

/// Where the next value goes. `type` is null when nobody wants it.
struct target {
  const shape* type = nullptr;
  void* address = nullptr;
  const bounds* limits = &no_limits;
  bool is_pii = false;
};

/// An object, map or list of the input that is being read and that its type wants.
struct frame {
  target of;
  const field_shape* field = nullptr;  ///< object: the field whose value comes next, null when it is unknown
  std::size_t count = 0;               ///< list: items so far; object: where to look for the next field
  std::string key{};                   ///< map: the name whose value comes next
  bool is_refused = false;             ///< map: the name was there before
  std::bitset<fields_max> seen{};      ///< object: by index of the field
};

bool is_outside(std::int64_t value, const bounds& limits) { return value < limits.minimum || value > limits.maximum; }
bool is_outside(double value, const bounds& limits) {
  return (limits.minimum != no_limits.minimum && value < static_cast<double>(limits.minimum)) ||
         (limits.maximum != no_limits.maximum && value > static_cast<double>(limits.maximum));
}

/// The scanner's events, put into the value at once. Iterative: depth costs memory of `frames_` only, up to
/// `depth_max`. Events return false to stop the scanner.
class reader {
 public:
  reader(const shape& type, void* value, const read_options& options) : root_{&type, value}, options_{options} {
    frames_.reserve(8);
  }
  std::vector<problem> take_problems() { return std::move(problems_); }

  bool null();
  bool boolean(bool value);
  bool integer(std::int64_t value);
  bool unsigned_integer(std::uint64_t value);
  bool number(double value, std::string_view token);
  bool text(std::string_view value);
  bool key(std::string_view name);
  bool open(char bracket);
  bool close(char bracket);
  bool too_large() {
    return report(next_pointer(), "a number beyond the range of a double", "a smaller number"), false;
  }
  bool broken(std::size_t byte, std::string_view found, std::string_view wanted_text) {
    return report({}, std::string{found} + " at byte " + std::to_string(byte), std::string{wanted_text});
  }

 private:
  bool finish_object(const frame& done);
  bool select_field(frame& object, std::string_view name);
  bool select_entry(frame& map, std::string_view name);
  bool finish_raw();

  target next_target();
  target next_value();
  bool set_integer(const target& to, std::int64_t value);
  bool set_number(const target& to, double value, std::string_view token);
  bool check_size(const target& to, std::size_t size);

  [[nodiscard]] bool is_copying() const { return raw_.type != nullptr; }
  [[nodiscard]] std::string pointer() const;
  [[nodiscard]] std::string next_pointer();
  bool report(std::string at, std::string found, std::string wanted_text);
  bool mismatch(const target& to, std::string_view found, std::string_view kind);

  target root_;
  const read_options& options_;
  std::vector<frame> frames_;
  std::size_t skipped_depth_ = 0;  ///< > 0: inside a value that nobody wants
  target raw_{};                   ///< set: inside a raw_json value
  transcript copy_;
  std::vector<problem> problems_;
};

/// The place for the value that the parser has just met.
target reader::next_target() {
  if (frames_.empty()) return root_;
  auto& parent = frames_.back();
  const auto& type = *parent.of.type;
  switch (type.what) {
    case form::object: {
      const auto* field = parent.field;
      if (!field) return {};
      return {&field->of(), field->at(parent.of.address), &field->limits, parent.of.is_pii || field->is_pii};
    }
    case form::list:
      ++parent.count;
      return {&type.element(), type.append(parent.of.address), &no_limits, parent.of.is_pii};
    default:
      if (parent.is_refused) return {};
      return {&type.element(), type.insert(parent.of.address, parent.key), &no_limits, parent.of.is_pii};
  }
}

/// The same for a value that is not null: optionals are filled.
target reader::next_value() {
  auto to = next_target();
  while (to.type && to.type->what == form::optional) {
    to.address = to.type->engage(to.address);
    to.type = &to.type->element();
  }
  return to;
}

bool reader::null() {
  if (skipped_depth_ > 0) return true;
  if (is_copying()) return copy_.value("null"), true;
  const auto to = next_target();
  if (!to.type || to.type->what == form::optional) return true;
  if (!frames_.empty() && frames_.back().field && frames_.back().field->may_be_missing) return true;
  if (to.type->what == form::raw) return to.type->set_text(to.address, {}), true;
  return mismatch(to, "null", "null");
}

bool reader::boolean(bool value) {
  if (skipped_depth_ > 0) return true;
  const std::string_view text = value ? "true" : "false";
  if (is_copying()) return copy_.value(text), true;
  const auto to = next_value();
  if (!to.type) return true;
  if (to.type->what == form::raw) return to.type->set_text(to.address, std::string{text}), true;
  if (to.type->what != form::boolean) return mismatch(to, text, "true or false");
  to.type->set_boolean(to.address, value);
  return true;
}

bool reader::integer(std::int64_t value) {
  if (skipped_depth_ > 0) return true;
  if (is_copying()) return copy_.value(digits{value}.view()), true;
  const auto to = next_value();
  return !to.type || set_integer(to, value);
}

bool reader::unsigned_integer(std::uint64_t value) {
  if (skipped_depth_ > 0) return true;
  if (is_copying()) return copy_.value(digits{value}.view()), true;
  const auto to = next_value();
  if (!to.type) return true;
  // The range of std::uint64_t does not fit into `bounds`: its upper half passes unless the field has a limit.
  const bool is_wide = to.type->what == form::integer && to.type->range.minimum == 0 &&
                       to.type->range.maximum == no_limits.maximum && to.limits->maximum == no_limits.maximum;
  if (is_wide) return to.type->set_integer(to.address, static_cast<std::int64_t>(value)), true;
  if (to.type->what == form::integer)
    return report(pointer(), to.is_pii ? "a number" : digits{value}.text(),
                  wanted(*to.type, is_outside(no_limits.maximum, *to.limits) ? *to.limits : to.type->range));
  return set_number(to, static_cast<double>(value), digits{value}.view());
}

bool reader::set_integer(const target& to, std::int64_t value) {
  const auto& type = *to.type;
  const digits shown_value{value};
  switch (type.what) {
    case form::integer:
      if (is_outside(value, *to.limits) || is_outside(value, type.range)) {
        const auto& limits = is_outside(value, *to.limits) ? *to.limits : type.range;
        return report(pointer(), to.is_pii ? "a number" : shown_value.text(), wanted(type, limits));
      }
      type.set_integer(to.address, value);
      return true;
    case form::number:
      if (is_outside(static_cast<double>(value), *to.limits))
        return report(pointer(), to.is_pii ? "a number" : shown_value.text(), wanted(type, *to.limits));
      type.set_number(to.address, static_cast<double>(value));
      return true;
    case form::raw:
      type.set_text(to.address, shown_value.text());
      return true;
    default:
      return mismatch(to, shown_value.view(), "a number");
  }
}

bool reader::number(double value, std::string_view token) {
  if (skipped_depth_ > 0) return true;
  if (is_copying()) return copy_.value(token), true;
  const auto to = next_value();
  return !to.type || set_number(to, value, token);
}

bool reader::set_number(const target& to, double value, std::string_view token) {
  const auto found = token.substr(0, 40);
  if (to.type->what == form::raw) return to.type->set_text(to.address, std::string{token}), true;
  if (to.type->what != form::number) return mismatch(to, found, "a number");
  if (is_outside(value, *to.limits))
    return report(pointer(), std::string{to.is_pii ? "a number" : found}, wanted(*to.type, *to.limits));
  to.type->set_number(to.address, value);
  return true;
}

bool reader::text(std::string_view value) {
  if (skipped_depth_ > 0) return true;
  if (is_copying()) return copy_.text(value), true;
  const auto to = next_value();
  if (!to.type) return true;
  const auto& type = *to.type;
  switch (type.what) {
    case form::text:
      type.set_text(to.address, std::string{value});
      return check_size(to, value.size());
    case form::instant:
      if (const auto time = base::parse_instant(value))
        return type.set_integer(to.address, time->time_since_epoch().count()), true;
      break;
    case form::choice:
      for (std::size_t i = 0; i < type.choices.size(); ++i)
        if (type.choices[i] == value) return type.set_integer(to.address, static_cast<std::int64_t>(i)), true;
      break;
    case form::raw:
      copy_.text(value);
      type.set_text(to.address, copy_.take());
      return true;
    default:
      break;
  }
  return mismatch(to, shown(value), "a text");
}

bool reader::open(char bracket) {
  if (frames_.size() + skipped_depth_ + copy_.depth() >= options_.depth_max) {
    report(next_pointer(), "deeper nesting", "at most " + std::to_string(options_.depth_max) + " levels");
    return false;
  }
  if (skipped_depth_ > 0) return ++skipped_depth_, true;
  if (is_copying()) return copy_.open(bracket), true;
  const auto to = next_value();
  if (to.type && to.type->what == form::raw) {
    raw_ = to;
    return copy_.open(bracket), true;
  }
  const bool fits = to.type && (bracket == '[' ? to.type->what == form::list
                                               : to.type->what == form::object || to.type->what == form::map);
  if (!fits) {
    const bool go_on =
        !to.type || mismatch(to, bracket == '[' ? "a list" : "an object", bracket == '[' ? "a list" : "an object");
    ++skipped_depth_;
    return go_on;
  }
  if (to.type->clear) to.type->clear(to.address);
  ensure(to.type->fields.size() <= fields_max, "a described struct has at most 128 fields");
  frames_.push_back(frame{to});
  return true;
}

bool reader::close(char bracket) {
  if (skipped_depth_ > 0) return --skipped_depth_, true;
  if (is_copying()) {
    copy_.close(bracket);
    return copy_.depth() > 0 || finish_raw();
  }
  const frame done = std::move(frames_.back());
  frames_.pop_back();
  if (done.of.type->what == form::object) return finish_object(done);
  return check_size(done.of, done.of.type->size(done.of.address));
}

bool reader::finish_raw() {
  raw_.type->set_text(raw_.address, copy_.take());
  raw_ = {};
  return true;
}

bool reader::finish_object(const frame& done) {
  const auto fields = done.of.type->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (done.seen[i] || fields[i].may_be_missing) continue;
    auto at = pointer();
    append_step(at, fields[i].name);
    if (!report(std::move(at), "nothing", wanted(fields[i].of()))) return false;
  }
  return true;
}

bool reader::key(std::string_view name) {
  if (skipped_depth_ > 0) return true;
  if (is_copying()) return copy_.key(name), true;
  auto& parent = frames_.back();
  return parent.of.type->what == form::object ? select_field(parent, name) : select_entry(parent, name);
}

bool reader::select_field(frame& object, std::string_view name) {
  const auto fields = object.of.type->fields;
  for (std::size_t i = 0, place = object.count; i < fields.size(); ++i, ++place) {
    if (place >= fields.size()) place = 0;
    if (fields[place].name != name) continue;
    const bool is_second = object.seen[place];
    object.field = is_second ? nullptr : &fields[place];
    object.seen[place] = true;
    object.count = place + 1;  // Most writers keep the declared order: the next name is found at once.
    if (!is_second) return true;
    auto at = pointer();
    append_step(at, name);
    return report(std::move(at), "a second value", "each field once");
  }
  object.field = nullptr;
  if (options_.unknown == unknown_fields::ignore) return true;
  auto at = pointer();
  append_step(at, name);
  return report(std::move(at), "an unknown field", wanted_field(*object.of.type, name));
}

bool reader::select_entry(frame& map, std::string_view name) {
  map.key = name;
  map.is_refused = false;
  const auto before = map.of.type->size(map.of.address);
  map.of.type->insert(map.of.address, map.key);
  if (map.of.type->size(map.of.address) != before) return true;
  map.is_refused = true;
  return report(pointer(), "a second value", "each name once");
}

bool reader::check_size(const target& to, std::size_t size) {
  if (!is_outside(static_cast<std::int64_t>(size), *to.limits)) return true;
  std::string found = "a text of " + std::to_string(size) + (size == 1 ? " byte" : " bytes");
  if (to.type->what != form::text) found = std::to_string(size) + (size == 1 ? " element" : " elements");
  return report(pointer(), std::move(found), wanted(*to.type, *to.limits));
}

/// JSON pointer of the value that is being read.
std::string reader::pointer() const {
  std::string at;
  for (const auto& step : frames_) {
    switch (step.of.type->what) {
      case form::object:
        if (step.field) append_step(at, step.field->name);
        break;
      case form::list:
        append_step(at, std::to_string(step.count - 1));
        break;
      default:
        append_step(at, step.of.is_pii ? std::string_view{"*"} : std::string_view{step.key});
        break;
    }
  }
  return at;
}

/// The same for a value that has not been given its place yet.
std::string reader::next_pointer() {
  if (skipped_depth_ == 0 && !is_copying()) next_target();
  return pointer();
}

bool reader::report(std::string at, std::string found, std::string wanted_text) {
  problems_.push_back({std::move(at), std::move(found), std::move(wanted_text)});
  return problems_.size() < options_.problems_max;
}

/// `kind` is what may be told of personal data.
bool reader::mismatch(const target& to, std::string_view found, std::string_view kind) {
  return report(pointer(), std::string{to.is_pii ? kind : found}, wanted(*to.type));
}

}  // namespace

result<void> read_json(std::string_view text, const shape& type, void* value, const read_options& options) {
  reader handler{type, value, options};
  json_scanner{text, handler}.run();
  auto problems = handler.take_problems();
  if (problems.empty()) return {};
  return failure(refusal(std::move(problems)));
}

}  // namespace musiccorp::describe

#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "describe/json.hpp"

namespace musiccorp::describe {

/// A number's decimal digits without an allocation.
template <class Number>
class digits {
 public:
  explicit digits(Number value)
      : length_(static_cast<std::size_t>(std::to_chars(buffer_.data(), buffer_.data() + buffer_.size(), value).ptr -
                                         buffer_.data())) {}
  [[nodiscard]] std::string_view view() const { return {buffer_.data(), length_}; }
  [[nodiscard]] std::string text() const { return std::string{view()}; }

 private:
  std::array<char, 32> buffer_;
  std::size_t length_;
};

/// Takes the events of a subtree and writes them down again as compact JSON.
class transcript {
 public:
  [[nodiscard]] std::size_t depth() const { return depth_; }
  std::string take() { return std::exchange(text_, {}); }

  void value(std::string_view token) {
    separate();
    text_ += token;
  }
  void text(std::string_view value) {
    separate();
    write_json_text(text_, value);
  }
  void key(std::string_view name) {
    text(name);
    text_ += ':';
  }
  void open(char bracket) {
    separate();
    text_ += bracket;
    ++depth_;
  }
  void close(char bracket) {
    text_ += bracket;
    --depth_;
  }

 private:
  /// A comma, unless this is the first of its container or follows a key. (Texts end with a quote.)
  void separate() {
    if (!text_.empty() && std::string_view{"{[:"}.find(text_.back()) == std::string_view::npos) text_ += ',';
  }

  std::string text_;
  std::size_t depth_ = 0;
};

}  // namespace musiccorp::describe

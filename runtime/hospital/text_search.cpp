#include "hospital/text_search.hpp"

#include <algorithm>

namespace musiccorp::hospital {
namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }

}  // namespace

bool mentions(std::string_view wanted, std::initializer_list<std::string_view> texts) {
  return wanted.empty() || std::ranges::any_of(texts, [&](std::string_view text) {
           return !std::ranges::search(text, wanted, {}, lower, lower).empty();
         });
}

}  // namespace musiccorp::hospital

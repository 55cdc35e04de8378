#pragma once

#include <chrono>
#include <thread>

namespace musiccorp::testing {

/// Asks again and again until it is so. The deadline is generous, because machines are slow; false: it never was.
template <class Question>
[[nodiscard]] bool eventually(Question question, std::chrono::milliseconds longest = std::chrono::seconds{60}) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!question()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace musiccorp::testing

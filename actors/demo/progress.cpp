#include "demo/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace musiccorp::demo {

std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool opens_group = i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-';
    if (opens_group) text.push_back(' ');
    text.push_back(digits[i]);
  }
  return text;
}

progress::progress(std::string what, std::size_t total, bool quiet)
    : what_(std::move(what)), total_(std::max<std::size_t>(1, total)), quiet_(quiet), on_terminal_(isatty(2) == 1) {}

progress::~progress() {
  if (!quiet_ && on_terminal_) std::fputs("\r\033[K", stderr);
}

void progress::reached(std::size_t done) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  if (on_terminal_ && now - drawn_ >= std::chrono::milliseconds{100}) {
    drawn_ = now;
    return draw(done);
  }
  const auto tenths = done * 10 / total_;
  if (on_terminal_ || tenths <= tenths_said_) return;
  tenths_said_ = tenths;
  std::fprintf(stderr, "%s: %3zu %%  (%s of %s)\n", what_.c_str(), tenths * 10,
               grouped(static_cast<std::int64_t>(done)).c_str(), grouped(static_cast<std::int64_t>(total_)).c_str());
}

void progress::draw(std::size_t done) {
  constexpr std::size_t width = 30;
  const auto filled = std::min(width, done * width / total_);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  const auto rate = seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(done) / seconds) : 0;
  std::fprintf(stderr, "\r\033[K%s [%s%s] %3zu %%  %s of %s, %s/s", what_.c_str(), std::string(filled, '#').c_str(),
               std::string(width - filled, '.').c_str(), done * 100 / total_,
               grouped(static_cast<std::int64_t>(done)).c_str(), grouped(static_cast<std::int64_t>(total_)).c_str(),
               grouped(rate).c_str());
  std::fflush(stderr);
}

}  // namespace musiccorp::demo

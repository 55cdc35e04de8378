#include "storage/sqlite_wal.hpp"

#include <array>
#include <fstream>
#include <span>
#include <vector>

namespace musiccorp::storage::sqlite {
namespace {

using bytes = std::span<const unsigned char>;

constexpr std::size_t header_size = 32;
constexpr std::size_t frame_header_size = 24;

std::uint32_t word(bytes from, std::size_t at, bool big_endian = true) {
  const auto part = [&](std::size_t i) { return static_cast<std::uint32_t>(from[at + (big_endian ? i : 3 - i)]); };
  return part(0) << 24 | part(1) << 16 | part(2) << 8 | part(3);
}

/// Goes on over all frames; the order of the bytes in a word is the header's.
struct checksum {
  bool big_endian = false;
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void add(bytes content) {
    for (std::size_t at = 0; at + 8 <= content.size(); at += 8) {
      first += word(content, at, big_endian) + second;
      second += word(content, at + 4, big_endian) + first;
    }
  }
  [[nodiscard]] bool is(bytes header, std::size_t at) const {
    return word(header, at) == first && word(header, at + 4) == second;
  }
};

struct salts {
  std::uint32_t first;
  std::uint32_t second;
  salts(bytes from, std::size_t at) : first{word(from, at)}, second{word(from, at + 4)} {}
  friend bool operator==(const salts&, const salts&) = default;
};

}  // namespace

std::uint64_t transactions_behind_damage(const std::filesystem::path& wal) {
  std::ifstream file{wal, std::ios::binary};
  const auto read = [&](std::span<unsigned char> into) {
    return static_cast<bool>(
        file.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size())));
  };
  std::array<unsigned char, header_size> header{};
  if (!read(header)) return 0;
  const auto page = word(header, 8);
  if (page < 512 || page > 65536) return 0;  // What is left of it can't be read as frames.

  checksum sum{(word(header, 0) & 1) == 1};
  sum.add(bytes{header}.first(24));
  bool is_whole = sum.is(header, 24);
  salts current{header, 16};
  std::uint64_t found = 0;
  std::vector<unsigned char> frame(frame_header_size + page);
  for (bool is_first = true; read(frame); is_first = false) {
    const salts own{frame, 8};
    if (is_first && !is_whole) current = own;
    const bool is_ours = own == current;  // Or from before the log began anew.
    sum.add(bytes{frame}.first(8));
    sum.add(bytes{frame}.subspan(frame_header_size));
    is_whole = is_whole && is_ours && sum.is(frame, 16);
    if (const bool is_commit = word(frame, 4) != 0; is_ours && is_commit && !is_whole) ++found;
  }
  return found;
}

}  // namespace musiccorp::storage::sqlite

#include "delivery/loaded_modules.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace musiccorp::delivery {
namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4U];
    text += digits[bytes[i] & 15U];
  }
  return text;
}

/// The NT_GNU_BUILD_ID among the notes of one segment (elf(5), "Notes").
std::string build_id_in(const unsigned char* notes, std::size_t size) {
  const auto padded = [](std::size_t n) { return (n + 3U) & ~std::size_t{3}; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof note);
    const auto content = sizeof note + padded(note.n_namesz);
    const auto whole = content + padded(note.n_descsz);
    if (whole > size) return {};
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes + sizeof note, "GNU", 4) == 0)
      return hex(notes + content, note.n_descsz);
    notes += whole;
    size -= whole;
  }
  return {};
}

int collect(dl_phdr_info* info, std::size_t, void* into) {
  auto& all = *static_cast<std::vector<loaded_module>*>(into);
  loaded_module one;
  one.base = info->dlpi_addr;
  one.begin = UINT64_MAX;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const auto start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD) {
      one.begin = std::min<std::uint64_t>(one.begin, start);
      one.end = std::max<std::uint64_t>(one.end, start + segment.p_memsz);
    } else if (segment.p_type == PT_NOTE && one.build_id.empty()) {
      one.build_id = build_id_in(reinterpret_cast<const unsigned char*>(start), segment.p_memsz);
    }
  }
  if (one.end == 0) return 0;
  if (info->dlpi_name != nullptr) one.path = info->dlpi_name;
  if (all.empty()) {  // The program itself has no name here.
    std::error_code ignored;
    one.path = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  }
  all.push_back(std::move(one));
  return 0;
}

}  // namespace

std::vector<loaded_module> loaded_modules() {
  std::vector<loaded_module> all;
  ::dl_iterate_phdr(collect, &all);
  return all;
}

}  // namespace musiccorp::delivery

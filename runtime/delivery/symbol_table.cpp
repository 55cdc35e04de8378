#include "delivery/symbol_table.hpp"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>

namespace musiccorp::delivery {
namespace {

constexpr std::uint64_t section_largest = 256U << 20U;  // Sizes come from the file.

/// `count` structs at this place; none when the file is shorter.
template <class T>
std::vector<T> read_some(std::ifstream& file, std::uint64_t offset, std::uint64_t count) {
  if (count > section_largest / sizeof(T)) return {};
  std::vector<T> some(count);
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(some.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) some.clear();
  return some;
}

std::vector<ElfW(Shdr)> sections_of(std::ifstream& file) {
  const auto heads = read_some<ElfW(Ehdr)>(file, 0, 1);
  if (heads.empty() || std::memcmp(heads[0].e_ident, ELFMAG, SELFMAG) != 0) return {};
  if (heads[0].e_shentsize != sizeof(ElfW(Shdr))) return {};
  return read_some<ElfW(Shdr)>(file, heads[0].e_shoff, heads[0].e_shnum);
}

}  // namespace

symbol_table::symbol_table(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  const auto sections = sections_of(stream);
  for (const auto& one : sections) {
    if (one.sh_type != SHT_SYMTAB || one.sh_link >= sections.size()) continue;
    const auto& texts = sections[one.sh_link];
    const auto names = read_some<char>(stream, texts.sh_offset, texts.sh_size);
    names_.assign(names.begin(), names.end());
    for (const auto& it : read_some<ElfW(Sym)>(stream, one.sh_offset, one.sh_size / sizeof(ElfW(Sym))))
      if (ELF64_ST_TYPE(it.st_info) == STT_FUNC && it.st_size > 0 && it.st_name < names_.size())
        functions_.push_back({it.st_value, it.st_size, it.st_name});
  }
}

symbol_table::symbol symbol_table::at(std::uint64_t address) const {
  for (const auto& one : functions_)
    if (address >= one.begin && address - one.begin < one.size)
      return {names_.substr(one.name, names_.find('\0', one.name) - one.name), one.begin};
  return {};
}

}  // namespace musiccorp::delivery

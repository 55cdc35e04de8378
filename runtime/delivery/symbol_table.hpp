#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace musiccorp::delivery {

/// The functions of one ELF file by address, with those that are not exported (elf(5), SHT_SYMTAB). Empty for a file
/// that is stripped, damaged or not there.
class symbol_table {
 public:
  explicit symbol_table(const std::filesystem::path& file);

  struct symbol {
    std::string name{};       ///< mangled; empty: nothing is known
    std::uint64_t begin = 0;  ///< as linked
  };
  /// The function that contains this address, as linked.
  [[nodiscard]] symbol at(std::uint64_t address) const;

 private:
  struct function {
    std::uint64_t begin;
    std::uint64_t size;
    std::uint32_t name;
  };
  std::vector<function> functions_;
  std::string names_;
};

}  // namespace musiccorp::delivery

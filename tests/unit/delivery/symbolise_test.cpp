#include "delivery/symbolise.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/random.hpp"
#include "delivery/loaded_modules.hpp"
#include "delivery/symbol_table.hpp"
#include "unit/storage/scratch_folder.hpp"

namespace musiccorp::delivery {
namespace {

TEST(Symbolise, NamesWhatItCannotResolve) {
  const std::vector<stack_frame> frames{{0x1234, {}, {}, 0}, {0x5678, "/opt/shop/other", "00ff", 0x78}};
  EXPECT_EQ(symbolise(frames), "#0 0x1234\n#1 other + 0x78\n");
}

/// The frame that this address of this process would be.
stack_frame frame_of(const void* code) {
  const auto address = reinterpret_cast<std::uint64_t>(code);
  for (const auto& one : loaded_modules())
    if (address >= one.begin && address < one.end) return {address, one.path, one.build_id, address - one.base};
  throw std::runtime_error("no module has this address");
}

[[gnu::noinline]] int known_to_this_file_only(int number) { return number * 3; }

TEST(Symbolise, NamesFunctionsOfLibraries) {
  const auto frame = frame_of(dlsym(RTLD_DEFAULT, "getpid"));
  EXPECT_THAT(symbolise({{frame}}), testing::EndsWith("getpid + 0x0\n"));
}

TEST(Symbolise, NamesFunctionsThatAreNotExported) {
  const auto frame = frame_of(reinterpret_cast<const void*>(&known_to_this_file_only));
  EXPECT_EQ(symbolise({{frame}}),
            "#0 musiccorp::delivery::(anonymous namespace)::known_to_this_file_only(int) + 0x0\n");
}

TEST(Symbolise, DoesNotTakeNamesFromAnotherBuild) {
  auto frame = frame_of(dlsym(RTLD_DEFAULT, "getpid"));
  frame.build_id = "00ff";
  EXPECT_THAT(symbolise({{frame}}), testing::StartsWith("#0 libc.so.6 + 0x")) << "a name would be a lie";
}

TEST(Symbolise, LooksInFrontOfAReturnAddress) {
  auto frame = frame_of(reinterpret_cast<const void*>(&known_to_this_file_only));
  const auto text = symbolise({{frame, frame}});
  EXPECT_EQ(text.find("known_to_this_file_only"), text.rfind("known_to_this_file_only")) << text;
}

TEST(SymbolTable, IsEmptyForWhateverIsNoProgram) {
  const storage::scratch_folder folder;
  EXPECT_EQ(symbol_table{folder / "nothing"}.at(1).name, "");
  std::ifstream program{"/proc/self/exe", std::ios::binary};
  std::string bytes(100'000, '\0');
  program.read(bytes.data(), 100'000);
  base::random_source random{20260131};
  for (int round = 0; round < 200; ++round) {
    auto damaged = bytes.substr(0, 1 + random.below(bytes.size()));
    for (int i = 0; i < 10; ++i)
      damaged[random.below(std::min<std::size_t>(damaged.size(), 64))] = static_cast<char>(random.next());
    storage::write_bytes(folder / "damaged", damaged);
    EXPECT_EQ(symbol_table{folder / "damaged"}.at(1).name, "");
  }
}

TEST(Symbolise, SurvivesAnything) {
  const std::vector<stack_frame> frames{{0, {}, {}, 0}, {~0ULL, "x", {}, ~0ULL}, {1, "/", "/", 0}};
  EXPECT_EQ(symbolise(frames), "#0 0x0\n#1 x + 0xffffffffffffffff\n#2  + 0x0\n");
  EXPECT_EQ(symbolise({}), "");
}

}  // namespace
}  // namespace musiccorp::delivery

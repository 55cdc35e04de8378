#include "describe/schema.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/node_config.hpp"

namespace musiccorp::config {
namespace {

/// Editors complete and check node files with the committed file. It is made from node_config.hpp, by this very test
/// when MUSICCORP_WRITE_SCHEMA is set.
TEST(NodeSchema, InTheTreeIsTheGeneratedOne) {
  const std::string file = MUSICCORP_SOURCE_DIR "/config/schema/node.schema.json";
  const auto generated = describe::json_schema(describe::shape_of<node_config>(), true);
  if (std::getenv("MUSICCORP_WRITE_SCHEMA")) std::ofstream{file, std::ios::binary} << generated;

  std::ifstream in{file, std::ios::binary};
  const std::string committed{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_TRUE(committed == generated)
      << "config/schema/node.schema.json is not what node_config.hpp says. To make it again:\n"
      << "  MUSICCORP_WRITE_SCHEMA=1 " << std::filesystem::canonical("/proc/self/exe").string()
      << " --gtest_filter=NodeSchema.*";
}

}  // namespace
}  // namespace musiccorp::config

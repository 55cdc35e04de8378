#include "storage/memory_store.hpp"
#include "storage/sqlite_store.hpp"
#include "store_contract.hpp"

namespace musiccorp::storage {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContract,
    ::testing::Values(store_kind{"memory", [](const auto&) { return memory_stores(); }, false},
                      store_kind{"sqlite", [](const auto& folder) { return sqlite_stores(folder); }, true},
                      store_kind{"sqlite_process",
                                 [](const auto& folder) { return sqlite_stores(folder, durability::process); },
                                 true}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace musiccorp::storage

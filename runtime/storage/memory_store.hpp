#pragma once

#include "storage/store.hpp"

namespace musiccorp::storage {

/// Keeps everything in memory with the same promises, except that it is gone with the object. For tests and
/// `volatile` services.
[[nodiscard]] std::unique_ptr<store> make_memory_store();

/// Stores in memory that keep their content when they are closed and opened again through the same factory, as a
/// restart of a process would find its files.
[[nodiscard]] std::unique_ptr<store_factory> memory_stores();

}  // namespace musiccorp::storage

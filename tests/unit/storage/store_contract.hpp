#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "base/ensure.hpp"
#include "samples.hpp"
#include "scratch_folder.hpp"
#include "storage/store.hpp"

namespace musiccorp::storage {

/// One kind of store and how a test comes to a factory of it.
struct store_kind {
  std::string name;
  std::function<std::unique_ptr<store_factory>(const std::filesystem::path& folder)> make;
  bool on_disk = false;
};

/// What every store promises. The suite is run for each kind.
class StoreContract : public ::testing::TestWithParam<store_kind> {
 protected:
  StoreContract() { open(); }

  /// What a restart of the process finds: the store is closed and opened again.
  void reopen() {
    store_.reset();
    open();
  }
  store& at() { return *store_; }

  template <class Change>
  void commit(Change change) {
    ASSERT_TRUE(at().begin());
    change(at());
    const auto done = at().commit();
    ASSERT_TRUE(done) << done.error().text;
  }
  template <class Change>
  void roll_back(Change change) {
    ASSERT_TRUE(at().begin());
    change(at());
    at().rollback();
  }
  void append(envelope message) {
    commit([&](store& s) { ASSERT_TRUE(s.append(message)); });
  }
  void save(std::string_view type, std::string_view key, std::string_view body) {
    commit([&](store& s) { ASSERT_TRUE(s.save(type, key, body)); });
  }
  std::string body(std::string_view type, std::string_view key) {
    auto found = at().find(type, key).value();
    return found ? found->body : "(none)";
  }
  std::uint64_t version(std::string_view type, std::string_view key) {
    return at().find(type, key).value().value_or(entity_row{}).version;
  }
  std::vector<std::string> keys(std::string_view type, const entity_range& range = {}) {
    std::vector<std::string> found;
    const auto read = at().list(type, range).value();
    for (const auto& row : read) found.push_back(row.key);
    return found;
  }
  std::vector<std::uint64_t> seqs(std::uint64_t after = 0, const log_limits& limits = {}) {
    std::vector<std::uint64_t> found;
    const auto read = at().read_log(after, limits).value();
    for (const auto& message : read) found.push_back(message.seq);
    return found;
  }

  scratch_folder folder_;
  std::unique_ptr<store_factory> factory_ = GetParam().make(folder_.path());

 private:
  void open() {
    auto opened = factory_->open("order");
    ensure(opened.has_value(), opened ? "" : opened.error().text);
    store_ = std::move(*opened);
  }

  std::unique_ptr<store> store_;
};

}  // namespace musiccorp::storage

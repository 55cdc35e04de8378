#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "http/dispatch.hpp"
#include "http/server.hpp"
#include "service/partition.hpp"
#include "storage/sqlite_store.hpp"

namespace musiccorp::node {

struct service_options {
  service::partition_limits limits{};
  std::uint64_t mailbox_limit = 10'000;           ///< requests that wait; above it: overloaded
  std::uint64_t mailbox_bytes_limit = 64u << 20;  ///< bytes of them; the same
};

struct node_options {
  std::string name = "shop";
  std::string version = "0";
  std::filesystem::path data;  ///< one store per service is kept here
  storage::durability durability = storage::durability::fsync;
  http::server_options http{};
  base::duration request_timeout = std::chrono::seconds{5};
  std::size_t threads = 0;       ///< of the scheduler; 0: enough that cells that wait for the disk hold back nobody
  std::size_t throughput = 200;  ///< messages that one actor may handle before it is another one's turn
  std::uint64_t seed = 1;
  service_options defaults{};
  std::map<std::string, service_options> services{};  ///< those that differ
};

/// One process of the shop: opens the stores, starts a cell for each service and answers HTTP. The only place where
/// rooms are put together.
class node {
 public:
  /// Opens everything and starts; when it returns, the node is ready. Errors name what could not be opened and what
  /// to do; then nothing is left running.
  [[nodiscard]] static result<std::unique_ptr<node>> start(node_options options,
                                                           std::vector<service_definition> services);
  /// stop() with a grace of nothing. Never waits longer: a cell that does not end is left behind, and its store stays
  /// open until the cell or the process ends.
  ~node();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;
  /// Every service serves.
  [[nodiscard]] bool is_ready() const;
  /// Stops accepting, lets running requests finish for up to `grace`, stops the cells after the batch that runs,
  /// closes the stores. True when nothing had to be cut. May be called again.
  bool stop(std::chrono::milliseconds grace);

 private:
  class parts;
  explicit node(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

}  // namespace musiccorp::node

#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "http/dispatch.hpp"
#include "http/exchange.hpp"
#include "node/console_files.hpp"
#include "node/mailboxes.hpp"
#include "service/cell.hpp"
#include "service/ledger.hpp"

namespace musiccorp::node {

/// The web console: its files, which are a part of the program, and what it shows live. Routes:
///
///   GET /console             to /console/
///   GET /console/{path*}     the page and its parts, with an ETag and a Content-Security-Policy that lets nothing
///                            run or load but these files
///   GET /console/events      server-sent events `mailboxes`: all rows at first, then each second those that changed
///   GET /mailboxes           all rows
///
/// Nothing is read or written while nobody listens. Handlers run on I/O threads; events are pushed by a thread of
/// its own. `cells`, `ledgers` and `time` must outlive it, and it must outlive the handlers.
class console {
 public:
  using cells = std::vector<std::shared_ptr<service::cell_status>>;

  console(const base::clock& time, const cells& all, const service::ledger_board& ledgers, std::string node,
          std::span<const console_file> files = console_files());
  ~console();
  console(const console&) = delete;
  console& operator=(const console&) = delete;

  /// After the last cell was added to `cells`.
  void add_routes(std::vector<http::route>& table);

 private:
  struct shared_file {
    std::string path;
    std::string media_type;
    std::string etag;
    std::shared_ptr<const std::string> bytes;
  };

  void serve(const http::request& request, http::exchange& exchange) const;
  void listen(std::shared_ptr<http::exchange> exchange);
  void tell(const std::stop_token& ending);
  [[nodiscard]] mailboxes_view look() const;

  const base::clock& time_;
  const cells& cells_;
  const service::ledger_board& ledgers_;
  std::string node_;
  std::vector<shared_file> files_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::shared_ptr<http::exchange>> listeners_;  ///< guarded by `mutex_`
  mailboxes_view told_;                                     ///< the last that all listeners know; guarded
  std::jthread teller_;
};

}  // namespace musiccorp::node

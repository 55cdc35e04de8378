#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

/// Trouble on the wire between two real programs.
namespace musiccorp::testing {

/// How bytes go in one direction.
struct passage {
  bool stalled = false;                ///< nothing is read and nothing arrives; the connections stay open
  std::chrono::milliseconds delay{0};  ///< of each byte
  std::uint64_t bytes_per_second = 0;  ///< of each connection; 0: as fast as it goes
  friend bool operator==(const passage&, const passage&) = default;
};

/// Listens on a free port of loopback and hands what it hears to another one, and back. What is on its way is
/// bounded, so a stalled reader is felt by its writer as with a real network; whatever is stalled goes on when it may
/// again. One thread of its own; let() and cut() from any.
class link_proxy {
 public:
  /// Throws when it can't listen. A target that refuses a connection, or ends it, is what its caller sees. Where the
  /// target is: on the host where `on_its_thread`, which is called first, takes that thread.
  explicit link_proxy(std::uint16_t target, const std::function<void()>& on_its_thread = {});
  ~link_proxy();
  link_proxy(const link_proxy&) = delete;
  link_proxy& operator=(const link_proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// `there`: from who calls to who is called. For connections that stand, too.
  void let(passage there, passage back);
  /// Resets all connections, and each new one until it is let again.
  void cut();

 private:
  class parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace musiccorp::testing

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "delivery/crash_scene.hpp"
#include "delivery/slots_file.hpp"

namespace musiccorp::delivery {

/// What a slot says about the message being handled.
struct in_flight_message {
  std::uint64_t upstream = 0;  ///< stable_hash of the upstream's name
  std::uint64_t seq = 0;       ///< position in its log; 0: a request that did not come through a log
  std::string_view id{};       ///< the first 32 bytes are kept
  std::uint32_t type = 0;      ///< any number by which the caller knows the type again
  instant started{};
  bool alone = false;  ///< the cell holds the node's isolation, so nothing else runs
};

/// Says which message one cell is handling right now, in memory that outlives the process. A few nanoseconds, no
/// system call; nothing here throws. One thread at a time, not always the same one.
///
/// Legal calls:  (begin end)*  or, around a batch,  (begin end)* [committing end]
class slot {
 public:
  /// The rule starts. Also makes this the slot of the calling thread until end().
  void begin(const in_flight_message& message) noexcept;
  /// The rules of a batch are done and its commit starts: whoever dies now was killed by no message.
  void committing() noexcept;
  /// Nothing is being handled any more. On the thread that began.
  void end() noexcept;

 private:
  friend class in_flight_slots;
  slots_file::place place_{};
};

/// begin() and end() of a slot as a scope, for rules that may throw.
class handling {
 public:
  handling(slot& where, const in_flight_message& message) noexcept : where_{where} { where_.begin(message); }
  ~handling() { where_.end(); }
  handling(const handling&) = delete;
  handling& operator=(const handling&) = delete;

 private:
  slot& where_;
};

/// The slots of all cells of one node, in one memory-mapped file. The page cache keeps what a process wrote when it
/// is killed, so the next process reads which messages were being handled, and what the fatal-signal handler wrote.
///
/// Legal calls:  open earlier* accepted (of | draining | note)*
/// Between open() and accepted() the file still holds what the earlier process left: if this process dies before it
/// has stored its conclusions, the next one reads the same. Any thread. No other thread may be between a slot's
/// begin() and end() when it is destroyed.
class in_flight_slots {
 public:
  /// Opens or creates `file` and reserves its space on disk, so that no later write can fail. A file that can't be
  /// understood is set aside beside it, unchanged. fault{busy}: another process has it. fault{storage} names the
  /// file: no such folder, no room, no permission.
  [[nodiscard]] static result<std::unique_ptr<in_flight_slots>> open(const std::filesystem::path& file);
  ~in_flight_slots();
  in_flight_slots(const in_flight_slots&) = delete;
  in_flight_slots& operator=(const in_flight_slots&) = delete;

  /// What the process before left; nothing when there was none or nothing can be known.
  [[nodiscard]] const std::optional<crash_scene>& earlier() const { return earlier_; }
  /// Why nothing can be known although a file was there (it is empty, foreign, damaged, of another layout) and where
  /// it is now, for the log.
  [[nodiscard]] const std::optional<base::fault>& unreadable() const { return unreadable_; }
  /// What follows from earlier() is stored: forgets it, and the slots are this process's. Once.
  [[nodiscard]] result<void> accepted(instant now);

  /// The slot of this cell, made at its first mention; stays as long as this object. fault{invalid}: the name is
  /// empty or longer than 63 bytes; fault{overloaded}: 256 other cells have one.
  [[nodiscard]] result<slot*> of(std::string_view cell);
  /// A planned stop has begun: whatever ends this process from now on charges nobody.
  void draining();
  /// The kernel's counts as of now; the fresher the last note is, the less a stranger's death is taken for ours.
  void note(const oom_kill_counts& counts);

 private:
  in_flight_slots(std::filesystem::path file, int descriptor);
  [[nodiscard]] result<void> lock();
  [[nodiscard]] result<void> read_earlier();
  void note_unreadable(base::fault why);
  [[nodiscard]] result<void> set_aside();
  [[nodiscard]] result<void> map_new();
  [[nodiscard]] result<void> map();
  [[nodiscard]] base::fault trouble(std::string_view what) const;
  [[nodiscard]] slots_file::file& mine();

  std::filesystem::path file_;
  int descriptor_;
  slots_file::file* mapped_ = nullptr;
  std::optional<crash_scene> earlier_;
  std::optional<base::fault> unreadable_;
  bool accepted_ = false;
  std::mutex mutex_;  ///< of the slots' names
  std::vector<std::unique_ptr<slot>> slots_;
};

}  // namespace musiccorp::delivery

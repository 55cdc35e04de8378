#include "delivery/in_flight_slots.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/ensure.hpp"

namespace musiccorp::delivery {
namespace {

using slots_file::id_max;

template <class Word>
Word word_at(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

void store_id(slots_file::slot_row& into, std::string_view id) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::size_t usual = 26;  // An id of ours: four moves, and no copy whose parts would have to be awaited.
  std::array<char, id_max> other;
  const char* bytes = id.data();
  if (id.size() != usual) {
    other.fill(0);
    id.copy(other.data(), id_max);
    bytes = other.data();
  }
  for (std::size_t i = 0; i < 3; ++i)
    into.id[i].store(word_at<std::uint64_t>(bytes + i * 8), std::memory_order_release);
  into.id[3].store(id.size() == usual ? word_at<std::uint16_t>(bytes + 24) : word_at<std::uint64_t>(bytes + 24),
                   std::memory_order_release);
}

void set_phase(slots_file::slot_row& row, slot_phase phase) {
  row.phase.store(static_cast<std::uint32_t>(phase), std::memory_order_release);
}

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

void slot::begin(const in_flight_message& message) noexcept {
  auto& row = *place_.row;
  set_phase(row, slot_phase::idle);
  row.upstream.store(message.upstream, std::memory_order_release);
  row.seq.store(message.seq, std::memory_order_release);
  row.type.store(message.type, std::memory_order_release);
  row.started.store(message.started.time_since_epoch().count(), std::memory_order_release);
  store_id(row, message.id);
  slots_file::current = &place_;
  row.phase.store(static_cast<std::uint32_t>(slot_phase::running) | (message.alone ? slots_file::alone : 0),
                  std::memory_order_release);
}

void slot::committing() noexcept {
  slots_file::current = &place_;
  set_phase(*place_.row, slot_phase::committing);
}

void slot::end() noexcept {
  set_phase(*place_.row, slot_phase::idle);
  slots_file::current = nullptr;
}

in_flight_slots::in_flight_slots(std::filesystem::path file, int descriptor)
    : file_{std::move(file)}, descriptor_{descriptor} {}

in_flight_slots::~in_flight_slots() {
  if (slots_file::current != nullptr && slots_file::current->home == mapped_) slots_file::current = nullptr;
  for (auto& one : slots_file::live) {
    auto* ours = mapped_;
    if (ours != nullptr) one.compare_exchange_strong(ours, nullptr);
  }
  if (mapped_ != nullptr) ::munmap(mapped_, sizeof *mapped_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

namespace {

constexpr int new_file = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
constexpr mode_t mode = 0644;

/// Whose file it is, as its header says; 0 when it says nothing yet.
std::int32_t owner_in(int descriptor) {
  slots_file::header found{};
  const auto size = ::pread(descriptor, &found, sizeof found, 0);
  return size == static_cast<ssize_t>(sizeof found) ? found.pid : 0;
}

}  // namespace

result<std::unique_ptr<in_flight_slots>> in_flight_slots::open(const std::filesystem::path& file) {
  int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  const bool is_new = descriptor < 0 && errno == ENOENT;
  if (is_new) descriptor = ::open(file.c_str(), new_file, mode);
  if (descriptor < 0)
    return failure(fault_kind::storage,
                   file.native() + ": cannot be opened to be read and written: " + reason(errno));
  std::unique_ptr<in_flight_slots> opened{new in_flight_slots{file, descriptor}};
  if (auto ours = opened->lock(); !ours) return failure(std::move(ours.error()));
  if (auto read = is_new ? opened->map_new() : opened->read_earlier(); !read) return failure(std::move(read.error()));
  if (opened->unreadable_)
    if (auto kept = opened->set_aside(); !kept) return failure(std::move(kept.error()));
  return opened;
}

result<void> in_flight_slots::lock() {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
  return failure(fault_kind::busy, file_.native() + ": in use by process " + std::to_string(owner_in(descriptor_)) +
                                       "; stop that one or give this one a data folder of its own");
}

result<void> in_flight_slots::read_earlier() {
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0) return failure(trouble("cannot be read"));
  if (facts.st_size != sizeof(slots_file::file)) {
    note_unreadable({fault_kind::corrupt,
                     "has " + std::to_string(facts.st_size) + " bytes, a slots file has " +
                         std::to_string(sizeof(slots_file::file)),
                     {},
                     {}});
    return {};
  }
  if (auto mapped = map(); !mapped) return mapped;
  if (mapped_->head.magic.load(std::memory_order_acquire) == 0) return {};  // Died while it was made.
  if (auto scene = slots_file::read(*mapped_))
    earlier_ = std::move(*scene);
  else
    note_unreadable(std::move(scene.error()));
  return {};
}

void in_flight_slots::note_unreadable(base::fault why) {
  why.text = file_.native() + ": " + why.text;
  unreadable_ = std::move(why);
}

/// Under the first name that is free. Its lock is held until the new file's is, so nobody else comes between.
result<void> in_flight_slots::set_aside() {
  const auto former = std::exchange(descriptor_, -1);
  if (mapped_ != nullptr) ::munmap(std::exchange(mapped_, nullptr), sizeof *mapped_);
  const auto made_anew = [&]() -> result<void> {
    auto aside = file_.native() + ".unreadable";
    for (int next = 2; ::access(aside.c_str(), F_OK) == 0; ++next)
      aside = file_.native() + ".unreadable-" + std::to_string(next);
    if (::rename(file_.c_str(), aside.c_str()) != 0) return failure(trouble("cannot be set aside"));
    unreadable_->text += "; it was set aside as " + aside;
    descriptor_ = ::open(file_.c_str(), new_file, mode);
    if (descriptor_ < 0) return failure(trouble("cannot be made anew"));
    if (auto ours = lock(); !ours) return ours;
    return map_new();
  }();
  ::close(former);
  return made_anew;
}

/// A file for which there is no room goes again: an empty one would look like a loss.
result<void> in_flight_slots::map_new() {
  auto mapped = map();
  if (!mapped) ::unlink(file_.c_str());
  return mapped;
}

/// posix_fallocate, because a store to a mapped hole of a full disk would be a SIGBUS. Keeps what is there.
result<void> in_flight_slots::map() {
  if (const int error = ::posix_fallocate(descriptor_, 0, sizeof(slots_file::file)); error != 0) {
    errno = error;
    return failure(trouble("no room for " + std::to_string(sizeof(slots_file::file)) + " bytes"));
  }
  void* at = ::mmap(nullptr, sizeof(slots_file::file), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (at == MAP_FAILED) return failure(trouble("cannot be mapped"));
  mapped_ = static_cast<slots_file::file*>(at);
  return {};
}

/// With the text of `errno`.
base::fault in_flight_slots::trouble(std::string_view what) const {
  return {fault_kind::storage, file_.native() + ": " + std::string{what} + ": " + reason(errno), {}, {}};
}

result<void> in_flight_slots::accepted(instant now) {
  ensure(!accepted_, "an earlier process is accepted once");
  slots_file::format(*mapped_, now);
  accepted_ = true;
  note(read_oom_kill_counts());
  for (auto& one : slots_file::live) {
    slots_file::file* nobody = nullptr;
    if (one.compare_exchange_strong(nobody, mapped_)) break;
  }
  return {};
}

slots_file::file& in_flight_slots::mine() {
  ensure(accepted_, "slots are used after what the earlier process left was accepted");
  return *mapped_;
}

result<slot*> in_flight_slots::of(std::string_view cell) {
  auto& file = mine();
  auto is_name_of = [&](std::size_t i) { return std::string_view{file.names[i].text.data()} == cell; };
  if (cell.empty() || cell.size() >= sizeof(slots_file::name_row))
    return failure(fault_kind::invalid, "a cell's name has 1 to 63 bytes: " + std::string{cell});
  const std::lock_guard hold{mutex_};
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (is_name_of(i)) return slots_[i].get();
  const auto next = slots_.size();
  if (next == slots_file::slots_max)
    return failure(fault_kind::overloaded, file_.native() + ": has slots for " + std::to_string(next) +
                                               " cells, and no more for " + std::string{cell});
  cell.copy(file.names[next].text.data(), cell.size());
  slots_.push_back(std::make_unique<slot>());
  slots_.back()->place_ = {&file.slots[next], &file.pages[next], &file};
  return slots_.back().get();
}

void in_flight_slots::draining() { mine().head.draining.store(1, std::memory_order_release); }

void in_flight_slots::note(const oom_kill_counts& counts) {
  auto& head = mine().head;
  head.oom_machine.store(counts.machine, std::memory_order_relaxed);
  head.oom_cgroup.store(counts.cgroup, std::memory_order_relaxed);
  head.oom_cgroup_name.store(counts.cgroup_name, std::memory_order_relaxed);
}

}  // namespace musiccorp::delivery

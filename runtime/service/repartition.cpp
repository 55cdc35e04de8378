#include "service/repartition.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <system_error>

#include "service/share_record.hpp"
#include "storage/sqlite_parts.hpp"
#include "storage/sqlite_store.hpp"

namespace musiccorp::service {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view journal_begins = "repartition-", journal_ends = ".json";

struct file_move {
  std::string from;
  std::string to;
  static constexpr auto describe() {
    return describe_as("file_move", 1, field("from", &file_move::from), field("to", &file_move::to));
  }
};
struct move_journal {
  std::string service;
  std::vector<file_move> moves;
  static constexpr auto describe() {
    return describe_as("repartition_journal", 1, field("service", &move_journal::service),
                       field("moves", &move_journal::moves));
  }
};

base::fault trouble_with(const fs::path& file, const std::string& what, int error) {
  return {fault_kind::storage, file.native() + ": " + what + ": " + std::generic_category().message(error), {}, {}};
}

result<void> sync(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failure(trouble_with(file, "cannot be opened", errno));
  const bool done = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  return done ? result<void>{} : failure(trouble_with(file, "cannot be put on disk", error));
}

result<void> write_journal(const fs::path& file, const move_journal& journal) {
  auto draft = file;
  draft += ".new";
  {
    std::ofstream stream{draft, std::ios::binary};
    stream << describe::to_json(journal) << std::flush;
    if (!stream) return failure(trouble_with(draft, "cannot be written", errno));
  }
  if (auto synced = sync(draft); !synced) return synced;
  std::error_code failed;
  fs::rename(draft, file, failed);
  if (failed) return failure(trouble_with(file, "cannot be written", failed.value()));
  return sync(file.parent_path());
}

/// May be done again: what was moved is not there any more.
result<void> move_all(const move_journal& journal) {
  for (const auto& one : journal.moves) {
    const fs::path from = one.from, to = one.to;
    std::error_code failed;
    fs::create_directories(to.parent_path(), failed);
    if (failed) return failure(trouble_with(to.parent_path(), "cannot be made", failed.value()));
    if (!fs::exists(from)) continue;
    fs::rename(from, to, failed);
    if (failed) return failure(trouble_with(from, "cannot be moved to " + to.native(), failed.value()));
    for (const auto& folder : {from.parent_path(), to.parent_path()})
      if (auto synced = sync(folder); !synced) return synced;
  }
  return {};
}

using open_stores = std::map<std::string, std::unique_ptr<storage::store>>;

class repartitioning {
 public:
  repartitioning(std::span<const service_definition> services, const repartition_order& order)
      : order_{order},
        before_{partitions_of(services, order.before)},
        after_{partitions_of(services, order.after)},
        wires_before_{wire(before_, which_queues::every_queue)},
        wires_after_{wire(after_, which_queues::every_queue)},
        old_names_{order.before.all(order.service)},
        new_names_{order.after.all(order.service)} {
    const auto known = std::ranges::find(services, order.service, &service_definition::service);
    if (known != services.end()) definition_ = &*known;
  }

  result<repartition_report> run() {
    if (auto fine = check_order(); !fine) return failure(std::move(fine.error()));
    if (auto opened = open_all(); !opened) return failure(std::move(opened.error()));
    if (auto idle = check_idle(); !idle) return failure(std::move(idle.error()));
    if (auto made = write_parts(); !made) return failure(std::move(made.error()));
    if (auto same = compare_counts(); !same) return failure(std::move(same.error()));
    if (auto held = compare_ledgers(); !held) return failure(std::move(held.error()));
    if (auto moved = move(); !moved) return failure(std::move(moved.error()));
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool is_ours(const std::string& partition) const {
    return std::ranges::find(old_names_, partition) != old_names_.end();
  }
  [[nodiscard]] static fs::path draft_of(const fs::path& file) { return file.native() + ".new"; }

  result<void> check_order() const {
    const auto wrong = [](std::string text) { return failure(fault_kind::invalid, std::move(text)); };
    if (definition_ == nullptr) return wrong("there is no service " + order_.service);
    if (!definition_->is_by_key()) return wrong(order_.service + " needs all of its data in one place");
    if (old_names_ == new_names_)
      return wrong(order_.service + " has " + std::to_string(old_names_.size()) + " partitions already");
    for (const auto& upstream : wires_before_.at(old_names_.front()).upstreams)
      if (is_ours(upstream.service)) return wrong(order_.service + " listens to itself");
    return {};
  }

  result<void> open_all() {
    for (const auto& one : before_) {
      const auto& file = order_.stores.at(one.name());
      if (!fs::exists(file))
        return failure(fault_kind::not_found, file.native() + ": there is no such store; was it done already?");
      auto opened = storage::open_sqlite_store(file);
      if (!opened) return failure(std::move(opened.error()));
      if (auto fits = check_share(**opened, one); !fits) {
        fits.error().text += "; was it done already?";
        return fits;
      }
      auto counts = (*opened)->published();
      auto slots = (*opened)->published_slots();
      if (!counts) return failure(std::move(counts.error()));
      if (!slots) return failure(std::move(slots.error()));
      counts_.emplace(one.name(), std::move(*counts));
      slots_.emplace(one.name(), std::move(*slots));
      stores_.emplace(one.name(), std::move(*opened));
    }
    return {};
  }

  [[nodiscard]] std::uint64_t published(const std::string& publisher, const wiring::stream& subscriber) const {
    return published_for(subscriber, counts_.at(publisher), slots_.at(publisher));
  }
  static result<storage::cursor_row> cursor_of(storage::store& at, const std::string& upstream) {
    auto all = at.cursors();
    if (!all) return failure(std::move(all.error()));
    for (auto& one : *all)
      if (one.upstream == upstream) return std::move(one);
    return storage::cursor_row{upstream};
  }

  result<void> check_idle() {
    base::fault busy{fault_kind::conflict, order_.service + " has not come to rest", {}, {}};
    for (const auto& one : before_) {
      for (const auto& subscriber : wires_before_.at(one.name()).subscribers) {
        if (!is_ours(one.name()) && !is_ours(subscriber.service)) continue;
        const auto cursor = cursor_of(*stores_.at(subscriber.service), one.name());
        if (!cursor) return failure(cursor.error());
        const auto said = published(one.name(), subscriber);
        if (said == cursor->received) continue;
        busy.problems.push_back(
            {"/" + queue_name(one.name(), subscriber.service),
             std::to_string(said) + " published and " + std::to_string(cursor->received) + " received", "as many"});
      }
      const auto marks = stores_.at(one.name())->waiting();
      if (!marks) return failure(marks.error());
      std::map<std::string, std::uint64_t> waiting;
      for (const auto& mark : *marks)
        if (is_ours(one.name()) || is_ours(mark.upstream)) ++waiting[mark.upstream];
      for (const auto& [upstream, count] : waiting)
        busy.problems.push_back({"/" + queue_name(upstream, one.name()),
                                 std::to_string(count) + " messages that wait, are parked or dead", "none"});
    }
    if (busy.problems.empty()) return {};
    return failure(std::move(busy));
  }

  /// Everything that was published for it is received; who has discarded how much is told by the first ones.
  result<std::vector<storage::cursor_row>> cursors_for(const service_definition& part) {
    std::vector<storage::cursor_row> made;
    for (const auto& upstream : wires_after_.at(part.name()).upstreams) {
      storage::cursor_row one{upstream.service};
      auto& log = *stores_.at(upstream.service);
      auto generations = log.generations();
      if (!generations) return failure(std::move(generations.error()));
      one.seq = log.last_seq();
      one.generation = storage::generation_at(*generations, one.seq);
      one.received = published(upstream.service, {part.name(), upstream.types, part.share()});
      auto [left, is_new] = discarded_.try_emplace(upstream.service, 0);
      if (is_new)
        for (const auto& old : old_names_) {
          const auto cursor = cursor_of(*stores_.at(old), upstream.service);
          if (!cursor) return failure(cursor.error());
          left->second += cursor->discarded;
        }
      one.discarded = std::min(left->second, one.received);
      left->second -= one.discarded;
      one.processed = one.received - one.discarded;
      report_.messages += one.received;
      receipts_[upstream.service].push_back({part.name(), one.seq, one.received});
      made.push_back(std::move(one));
    }
    return made;
  }

  result<void> write_parts() {
    std::vector<fs::path> from;
    for (const auto& name : old_names_) from.push_back(order_.stores.at(name));
    std::vector<std::string> strangers;
    for (const auto& part : after_) {
      if (part.service() != order_.service) continue;
      storage::store_part made;
      made.file = draft_of(order_.new_stores.at(part.name()));
      made.from = from;
      if (is_ours(part.name()))
        made.log = order_.stores.at(part.name());
      else
        strangers.push_back(part.name());
      auto cursors = cursors_for(part);
      if (!cursors) return failure(std::move(cursors.error()));
      made.cursors = std::move(*cursors);
      made.keeps = [&](std::string_view type, std::string_view key) {
        return !stays(type) && (is_everywhere(type) || part.share().owns(key));
      };
      for (const auto* rest : {"", "-wal", "-shm"}) {  // Of a call that did not come so far.
        std::error_code none;
        fs::remove(made.file.native() + rest, none);
      }
      std::error_code failed;
      fs::create_directories(made.file.parent_path(), failed);
      auto counts = storage::write_part(made);
      if (!counts) return failure(std::move(counts.error()));
      new_entities_.emplace(part.name(), std::move(*counts));
    }
    // Names that come back must not be taken for those that they were, by anybody.
    for (const auto& [name, file] : order_.stores)
      if (auto forgotten = storage::forget_streams(file, strangers); !forgotten) return forgotten;
    // Nor must those that stay for having lost what others have now.
    for (const auto& [name, receipts] : receipts_)
      if (auto noted = storage::note_receipts(order_.stores.at(name), receipts); !noted) return noted;
    return {};
  }

  [[nodiscard]] bool is_everywhere(std::string_view type) const {
    const auto& all = definition_->kept_everywhere();
    return std::ranges::find(all, type) != all.end();
  }

  /// In the old store: it is about that one.
  [[nodiscard]] bool stays(std::string_view type) const {
    const auto& all = definition_->kept_per_store();
    return type.starts_with("runtime.") || std::ranges::find(all, type) != all.end();
  }

  result<void> compare_counts() {
    storage::entity_counts old_sums, new_sums;
    const auto add = [&](storage::entity_counts& sums, const storage::entity_counts& counts, bool is_sum) {
      std::uint64_t all = 0;
      for (const auto& [type, count] : counts) {
        if (stays(type)) continue;
        all += count;
        auto& sum = sums[type];
        sum = is_sum && !is_everywhere(type) ? sum + count : std::max(sum, count);
      }
      return all;
    };
    for (const auto& name : old_names_) {
      auto counts = storage::count_entities(order_.stores.at(name));
      if (!counts) return failure(std::move(counts.error()));
      report_.before.push_back({name, add(old_sums, *counts, true)});
    }
    for (const auto& name : new_names_) report_.after.push_back({name, add(new_sums, new_entities_.at(name), true)});
    for (const auto& [type, count] : new_sums)
      if (is_everywhere(type)) old_sums[type] = std::max(old_sums[type], count);  // Some had not heard of all yet.
    if (old_sums == new_sums) return {};
    return failure(fault_kind::internal, "the new stores do not hold what the old ones do; nothing was moved");
  }

  result<void> compare_ledgers() {
    for (const auto& name : new_names_) {
      auto opened = storage::open_sqlite_store(draft_of(order_.new_stores.at(name)));
      if (!opened) return failure(std::move(opened.error()));
      const auto part = std::ranges::find(after_, name, &service_definition::name);
      if (auto said = record_opening(**opened, *part, base::system_clock{}.now()); !said) return said;
      auto counts = (*opened)->published();
      auto slots = (*opened)->published_slots();
      if (!counts) return failure(std::move(counts.error()));
      if (!slots) return failure(std::move(slots.error()));
      for (const auto& upstream : wires_after_.at(name).upstreams) {
        const auto cursor = cursor_of(**opened, upstream.service);
        if (!cursor) return failure(cursor.error());
        if (auto same = compare(published(upstream.service, {name, upstream.types, part->share()}), *cursor,
                                queue_name(upstream.service, name));
            !same)
          return same;
      }
      for (const auto& subscriber : wires_after_.at(name).subscribers) {
        const auto cursor = is_ours(name) ? cursor_of(*stores_.at(subscriber.service), name)
                                          : result<storage::cursor_row>{storage::cursor_row{name}};
        if (!cursor) return failure(cursor.error());
        if (auto same =
                compare(published_for(subscriber, *counts, *slots), *cursor, queue_name(name, subscriber.service));
            !same)
          return same;
      }
    }
    return {};
  }
  static result<void> compare(std::uint64_t said, const storage::cursor_row& cursor, const std::string& queue) {
    if (said == cursor.received && cursor.received == cursor.processed + cursor.discarded) return {};
    return failure(fault_kind::internal, "the ledger of " + queue + " would not hold (" + std::to_string(said) +
                                             " published, " + std::to_string(cursor.received) +
                                             " received); nothing was moved");
  }

  result<void> move() {
    move_journal journal{order_.service, {}};
    const auto aside = "before-repartition-" + base::to_text(base::system_clock{}.now());
    stores_.clear();  // Closed, each is one file.
    for (const auto& name : old_names_) {
      const auto& file = order_.stores.at(name);
      for (const auto* rest : {"", "-wal", "-shm", ".lock"})
        if (fs::exists(file.native() + rest))
          journal.moves.push_back(
              {file.native() + rest, (file.parent_path() / aside / file.filename()).native() + rest});
      report_.kept.push_back(file.parent_path() / aside / file.filename());
    }
    for (const auto& name : new_names_) {
      const auto& file = order_.new_stores.at(name);
      journal.moves.push_back({draft_of(file).native(), file.native()});
      std::error_code none;
      fs::remove(draft_of(file).native() + ".lock", none);
    }
    if (auto written = write_journal(order_.journal, journal); !written) return written;
    if (auto finished = finish_repartition(order_.journal); !finished) return failure(std::move(finished.error()));
    return {};
  }

  const repartition_order& order_;
  const service_definition* definition_ = nullptr;
  const std::vector<service_definition> before_, after_;
  const std::map<std::string, wiring> wires_before_, wires_after_;
  const std::vector<std::string> old_names_, new_names_;
  open_stores stores_;
  std::map<std::string, std::vector<storage::published_row>> counts_;
  std::map<std::string, std::vector<storage::published_slot_row>> slots_;
  std::map<std::string, std::uint64_t> discarded_;  ///< by upstream: not yet given to a new partition
  std::map<std::string, std::vector<storage::subscriber_row>> receipts_;  ///< by upstream: what the parts have of it
  std::map<std::string, storage::entity_counts> new_entities_;
  repartition_report report_;
};

}  // namespace

fs::path repartition_journal(const fs::path& data, std::string_view service) {
  return data / (std::string{journal_begins} + std::string{service} + std::string{journal_ends});
}

bool is_repartition_journal(const fs::path& file) {
  const auto name = file.filename().string();
  return name.starts_with(journal_begins) && name.ends_with(journal_ends);
}

result<repartition_report> repartition(std::span<const service_definition> services, const repartition_order& order) {
  return repartitioning{services, order}.run();
}

result<bool> finish_repartition(const fs::path& journal) {
  std::ifstream stream{journal, std::ios::binary};
  if (!stream) return false;
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  const auto wanted = describe::from_json<move_journal>(text);
  if (!wanted) return failure(fault_kind::corrupt, journal.native() + ": cannot be read: " + wanted.error().text);
  if (auto moved = move_all(*wanted); !moved) return failure(std::move(moved.error()));
  std::error_code failed;
  fs::remove(journal, failed);
  if (failed) return failure(trouble_with(journal, "cannot be removed", failed.value()));
  if (auto synced = sync(journal.parent_path()); !synced) return failure(std::move(synced.error()));
  return true;
}

}  // namespace musiccorp::service

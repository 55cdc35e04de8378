#include "supervision/supervision_board.hpp"

#include <algorithm>
#include <caf/all.hpp>

namespace musiccorp::supervision {

void board_entry::show(supervisor_view self) {
  const std::lock_guard hold{mutex_};
  self.path = self_.path;
  self_ = std::move(self);
}

void board_entry::show_child(std::uint64_t number, std::uint64_t position, child_view child) {
  const std::lock_guard hold{mutex_};
  const auto [known, is_new] = position_of_.try_emplace(number, position);
  if (!is_new && known->second != position) {
    children_.erase(known->second);
    known->second = position;
  }
  children_.insert_or_assign(position, std::move(child));
}

void board_entry::remove_child(std::uint64_t number) {
  const std::lock_guard hold{mutex_};
  const auto known = position_of_.find(number);
  if (known == position_of_.end()) return;
  children_.erase(known->second);
  position_of_.erase(known);
}

supervisor_view board_entry::copy() const {
  const std::lock_guard hold{mutex_};
  auto seen = self_;
  for (const auto& [position, child] : children_) seen.children.push_back(child);
  return seen;
}

std::shared_ptr<board_entry> supervision_board::add(const std::string& path, caf::actor_addr who) {
  auto made = std::make_shared<board_entry>(path, std::move(who));
  const std::lock_guard hold{mutex_};
  std::erase_if(entries_, [](const auto& one) { return one.second.expired(); });
  entries_[path] = made;
  return made;
}

caf::actor supervision_board::find(const std::string& path) const {
  const std::lock_guard hold{mutex_};
  const auto found = entries_.find(path);
  const auto alive = found == entries_.end() ? nullptr : found->second.lock();
  return alive ? caf::actor_cast<caf::actor>(alive->who_) : caf::actor{};
}

std::vector<supervisor_view> supervision_board::tree() const {
  std::map<std::string, supervisor_view> seen;
  {
    const std::lock_guard hold{mutex_};
    for (const auto& [path, entry] : entries_)
      if (const auto alive = entry.lock()) seen.emplace(path, alive->copy());
  }
  // Longer paths first, so that what is put into a parent is already complete.
  std::vector<supervisor_view> roots;
  while (!seen.empty()) {
    auto deepest = seen.begin();
    for (auto at = seen.begin(); at != seen.end(); ++at)
      if (std::ranges::count(at->first, '/') > std::ranges::count(deepest->first, '/')) deepest = at;
    auto view = std::move(seen.extract(deepest).mapped());
    const auto slash = view.path.rfind('/');
    const auto parent = slash == std::string::npos ? seen.end() : seen.find(view.path.substr(0, slash));
    child_view* place = nullptr;
    if (parent != seen.end())
      for (auto& child : parent->second.children)
        if (child.id == view.path.substr(slash + 1)) place = &child;
    (place != nullptr ? place->supervises : roots).push_back(std::move(view));
  }
  return roots;
}

}  // namespace musiccorp::supervision

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace musiccorp::cluster {

/// Runs tasks one after the other on a thread of its own. Tasks must not throw. Thread-safe.
class serial_queue {
 public:
  serial_queue() : thread_([this] { run(); }) {}
  ~serial_queue() { finish(); }
  serial_queue(const serial_queue&) = delete;
  serial_queue& operator=(const serial_queue&) = delete;

  void add(std::function<void()> task) {
    const std::lock_guard hold{mutex_};
    if (is_over_) return;
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  /// Runs what is there, then nothing any more. Not from a task.
  void finish() {
    {
      const std::lock_guard hold{mutex_};
      is_over_ = true;
      changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    for (std::unique_lock hold{mutex_};;) {
      changed_.wait(hold, [&] { return is_over_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      hold.unlock();
      task();
      hold.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace musiccorp::cluster
